"""A search that finds Chinese: English words are stemmed, Chinese is cut into pairs of characters.

Pages and what is typed are cut alike, so that 事件研究 is 事件, 件研 and 研究, and a page that has
all three is found before those that have two (search.js). No dictionary decides what a word is.
"""

import re

from sphinx.search.en import SearchEnglish

_RUN = re.compile(r"[\u4e00-\u9fff]+|[^\W\u4e00-\u9fff]+")


class Bilingual(SearchEnglish):
    """English and Chinese on one site."""

    lang = "bilingual"
    language_name = "English and Chinese"
    js_splitter_code = r"""
var splitQuery = (query) =>
  (query.match(/[\u4e00-\u9fff]+|(?:(?![\u4e00-\u9fff])[\p{L}\p{N}_])+/gu) || []).flatMap((run) =>
    /^[\u4e00-\u9fff]{2}/.test(run)
      ? Array.from({ length: run.length - 1 }, (_, k) => run.slice(k, k + 2))
      : [run],
  );
"""

    def split(self, input: str) -> list[str]:
        """Cut a text as ``splitQuery`` cuts a query."""
        words = []
        for run in _RUN.findall(input):
            pairs = [run[k : k + 2] for k in range(len(run) - 1)] if "\u4e00" <= run[0] else []
            words += pairs or [run]
        return words


def setup(app):
    app.add_search_language(Bilingual)
    app.add_js_file("search.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
