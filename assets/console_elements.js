/* Elements of the console. What is said is always text: nothing that a source tells can become markup. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  // Attributes that are functions are listeners; false and null are left out, true is the bare name.
  cc.make = function (name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") made.addEventListener(key, value);
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...present(children));
    return made;
  };

  // Other children instead.
  cc.put = (element, ...children) => element.replaceChildren(...present(children));

  // The same, unless they say what those say that are there: whoever is about to press keeps the button.
  cc.fill = function (element, ...children) {
    const fresh = cc.make(element.localName, null, ...children);
    if (fresh.innerHTML !== element.innerHTML) element.replaceChildren(...fresh.childNodes);
  };

  const present = (children) => children.flat(2).filter((child) => child !== null && child !== undefined && child !== false && child !== "");

  cc.button = (word, pressed, attributes) => cc.make("button", { type: "button", click: pressed, ...attributes }, word);

  cc.option = (value, word) => cc.make("option", { value }, word);

  cc.field = (word, input) => cc.make("label", { class: "field" }, cc.make("small", null, word), input);

  cc.time = (iso, how) => cc.make("time", { [`data-${how}`]: Date.parse(iso), datetime: iso });

  cc.say = function (element, text) {
    if (element.textContent !== text) element.textContent = text;
  };
})(window.commandcenter);
