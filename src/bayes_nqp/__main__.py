"""``python -m bayes_nqp``: the command line without an installed script."""

from bayes_nqp.cli import main

if __name__ == "__main__":
    main()
