"use strict";
// Lists: search, sort, and more rows on demand. All rows are in the page as data; tables.py makes the same cells for
// readers without JavaScript. Also shows the newest days of the calendar, and marks the current section.
(() => {
  const lists = JSON.parse(document.getElementById("lists").textContent);
  const FIRST = 20;
  const MORE = 200;
  const SMALL = 12; // a list with no more rows needs no search
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const text = (value) => String(Array.isArray(value) ? value[0] : value);

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function content(value) {
    if (value === null) return element("span", { className: "unknown", textContent: "not known" });
    if (typeof value === "number") return value.toLocaleString("en-GB", { maximumFractionDigits: 1 });
    if (/^\d{4}-\d\d-\d\d( \d\d:\d\d)?$/.test(value)) return value; // a date breaks nowhere
    const name = element("bdi", { textContent: text(value) });
    if (!Array.isArray(value)) return name;
    return element("a", { href: "https://open.spotify.com/" + value[1], rel: "noreferrer" }, name);
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return order.compare(text(one), text(other));
  }

  function start(place) {
    const { columns, numbers, rows } = lists[place.dataset.list];
    const what = place.dataset.what;
    const body = place.querySelector("tbody");
    const region = place.querySelector(".rows");
    const heads = [...place.querySelectorAll("th")];
    const count = element("output", { className: "note" });
    const more = element("button", { type: "button", className: "more" });
    let found = rows; // in the order that is shown
    let shown = FIRST;
    let sorted = { column: -1, direction: 1 };
    let texts; // of the rows, for the search; made when it is first used

    function row(values) {
      const made = element("tr");
      made.setAttribute("role", "row");
      values.forEach((value, index) => {
        const cell = element("td", { className: numbers[index] ? "number" : "" }, content(value));
        cell.setAttribute("role", "cell");
        cell.dataset.column = columns[index];
        made.append(cell);
      });
      return made;
    }

    function show() {
      body.replaceChildren(...found.slice(0, shown).map(row));
      const all = rows.length.toLocaleString("en-GB");
      count.textContent =
        found.length === rows.length ? `${all} ${what}` : `${found.length.toLocaleString("en-GB")} of ${all} ${what}`;
      const left = found.length - shown;
      more.hidden = left <= 0;
      more.textContent = `Show ${Math.min(left, MORE).toLocaleString("en-GB")} more`;
    }

    function find(query) {
      const words = query.toLowerCase().split(/\s+/).filter(Boolean);
      texts ??= new Map(rows.map((values) => [values, values.map(text).join(" ").toLowerCase()]));
      found = words.length ? rows.filter((values) => words.every((word) => texts.get(values).includes(word))) : rows;
      sortFound();
    }

    function sortFound() {
      const { column, direction } = sorted;
      if (column >= 0) {
        const known = found.filter((values) => values[column] !== null);
        known.sort((one, other) => direction * compare(one[column], other[column]));
        found = [...known, ...found.filter((values) => values[column] === null)];
      }
      shown = FIRST;
      region.scrollTop = 0;
      show();
    }

    heads.forEach((head, index) => {
      const button = element("button", { type: "button", textContent: head.textContent });
      button.addEventListener("click", () => {
        const first = numbers[index] ? -1 : 1; // numbers: the greatest first
        sorted = { column: index, direction: sorted.column === index ? -sorted.direction : first };
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", sorted.direction > 0 ? "ascending" : "descending");
        sortFound();
      });
      head.replaceChildren(button);
    });
    more.addEventListener("click", () => {
      shown += MORE;
      show();
    });
    if (rows.length > SMALL) {
      const search = element("input", { type: "search", placeholder: `Search ${what}` });
      search.setAttribute("aria-label", `Search ${what} in ${place.closest("figure").querySelector("h3").textContent}`);
      search.addEventListener("input", () => find(search.value));
      region.before(element("div", { className: "search" }, search, count));
      region.after(more);
      show();
    }
  }

  document.querySelectorAll("[data-list]").forEach(start);
  document.querySelectorAll(".rows:has(.calendar)").forEach((region) => (region.scrollLeft = region.scrollWidth));

  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const marks = new IntersectionObserver(
    (entries) => {
      const entered = entries.filter((entry) => entry.isIntersecting).pop();
      if (!entered) return;
      links.forEach((link, key) => {
        if (key === entered.target.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    },
    { rootMargin: "-15% 0px -80% 0px" },
  );
  links.forEach((_, key) => marks.observe(document.getElementById(key)));
})();
