"""``python -m bayes_nqp``: the command line, where no script is on the path."""

from bayes_nqp.cli import main

if __name__ == "__main__":
    main()
