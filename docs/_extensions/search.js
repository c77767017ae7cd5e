/* Rank pages by the words of a query that they contain, rare words first; pages of tasks and of the
   query's language come first. Sphinx alone requires every word, so every pair of Chinese characters. */
if (typeof Search !== "undefined") {
  const FIRST = /^(zh\/)?(index|quickstart|how_do_i|data|which_design|from_other_packages|from_python_packages)$/;
  const LAST = /^(ARCHITECTURE|gaussian|changelog|decisions|evidence)|^reference\//;
  let chinese = false;
  const worth = (page) =>
    (FIRST.test(page) ? 1.5 : LAST.test(page) ? 0.6 : 1) * (page.startsWith("zh/") === chinese ? 1 : 0.7);
  Scorer.score = (item) => item[4] * worth(item[0]);
  const whole = Search._performSearch;
  Search._performSearch = (query, terms, excluded, ...rest) => {
    chinese = /[\u4e00-\u9fff]/.test(query);
    const all = whole(query, terms, excluded, ...rest);
    if (terms.size < 2) return all;
    const pages = new Map();
    for (const term of terms) {
      const found = Search.performTermsSearch(new Set([term]), excluded);
      const rarity = Math.log(1 + Search._index.docnames.length / Math.max(found.length, 1));
      for (const item of found) {
        const page = pages.get(item[0]) ?? [...item.slice(0, 4), 0, ...item.slice(5)];
        page[4] += rarity * Math.min(item[4], 10) * worth(item[0]);
        pages.set(item[0], page);
      }
    }
    const named = all.filter((item) => item[6] !== SearchResultKind.text);
    return [...[...pages.values()].sort((one, other) => one[4] - other[4]), ...named];
  };
}
