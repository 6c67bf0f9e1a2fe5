/* The line above the list: text, level, office, provider or kecamatan, mine. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const REST = 500; // ms between two looks at all rows for what there is to choose from
  const inputs = {};
  const told = {}; // what each choice offered last
  let waiting = 0;

  desk.filterLine = function () {
    inputs.text = cc.make(
      "input",
      {
        type: "search",
        id: "search",
        placeholder: cc.word("Search ( / )"),
        "aria-label": cc.word("Search"),
        autocomplete: "off",
        input: () => desk.filter({ text: inputs.text.value }),
      },
    );
    inputs.level = choice("level", cc.word("Level"));
    inputs.office = choice("office", cc.word("Office"));
    inputs.place = choice("place", cc.word("Provider or kecamatan"));
    inputs.mine = cc.button(cc.word("Mine"), () => desk.filter({ mine: !desk.filters.mine }), { class: "chip", "data-filter": "mine" });
    return cc.make("div", { class: "filters", role: "search" }, Object.values(inputs));
  };

  const choice = (name, word) => cc.make(
    "select",
    { "data-filter": name, "aria-label": word, change: (event) => desk.filter({ [name]: event.target.value }) },
  );

  desk.on("begin", show);
  desk.on("filters", show);
  desk.on("ledger", () => (waiting = waiting || setTimeout(offer, REST)));

  function show() {
    offer();
    for (const [name, input] of Object.entries(inputs)) {
      if (name === "mine") input.ariaPressed = String(desk.filters.mine);
      else if (input.value !== desk.filters[name]) input.value = desk.filters[name];
      if (input.localName === "select") input.classList.toggle("set", Boolean(desk.filters[name]));
    }
  }

  // Nobody chooses from what there is not. A choice that is open is left alone.
  function offer() {
    waiting = 0;
    if (!inputs.text) return;
    offers("level", cc.word("All levels"), [["", ["critical", "warning"].map((level) => [level, desk.words.level(level)])]]);
    offers("office", cc.word("All offices"), [["", desk.values("office").map((office) => [office, desk.words.office({ office })])]]);
    offers("place", cc.word("All regions"), [
      [cc.word("Provider"), same(desk.values("provider"))],
      [cc.word("Kecamatan"), same(desk.values("kecamatan"))],
    ]);
  }

  const same = (values) => values.map((value) => [value, value]);

  function offers(name, all, groups) {
    const offered = JSON.stringify(groups);
    if (told[name] === offered || document.activeElement === inputs[name]) return;
    told[name] = offered;
    const made = groups.map(([word, values]) => {
      const options = values.map(([value, text]) => cc.option(value, text));
      return word ? options.length > 0 && cc.make("optgroup", { label: word }, options) : options;
    });
    inputs[name].replaceChildren(...[cc.option("", all), ...made.flat()].filter(Boolean));
    inputs[name].value = desk.filters[name];
    if (inputs[name].selectedIndex < 0) desk.filter({ [name]: "" });
  }
})(window.commandcenter);
