/* The operators' console: one React component whose inside is plain DOM, because ten thousand
   incidents as React's elements would never be painted within a second. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = (cc.desk = { facts: {}, sections: {} }); // what all files console_*.js share
  const events = new EventTarget();

  cc.Console = function (props) {
    const host = React.useRef(null);
    React.useLayoutEffect(() => begin(host.current, props.desk), []);
    return React.createElement("main", { id: props.id, ref: host, className: "console", "data-panel": "console" });
  };
  cc.Console.dashRenderType = true;

  desk.on = (name, heard) => events.addEventListener(name, (event) => heard(event.detail));
  desk.tell = (name, detail) => events.dispatchEvent(new CustomEvent(name, { detail }));

  function begin(host, facts) {
    desk.facts = facts;
    desk.host = host;
    host.dataset.acts = facts.me.acts ? "yes" : "no";
    host.append(desk.nav(), ...Object.values(desk.sections).map((make) => make()), desk.side());
    desk.tell("begin");
    show();
    addEventListener("hashchange", show);
  }

  // The address says which section is seen: /console#maintenance
  function show() {
    const asked = location.hash.slice(1);
    desk.section = Object.hasOwn(desk.sections, asked) ? asked : "incidents";
    desk.host.dataset.section = desk.section;
    for (const part of desk.host.querySelectorAll(":scope > [data-of]")) part.hidden = part.dataset.of !== desk.section;
    desk.tell("section", desk.section);
  }

  // A section is filled when it is opened, and again by `look`, which may throw a sentence.
  desk.addSection = function (name, title, look) {
    desk.sections[name] = function () {
      const body = cc.make("div", { class: "page" });
      const again = async () => {
        try {
          await look(body, again);
        } catch (error) {
          body.replaceChildren(cc.make("p", { class: "none" }, error.message), cc.button(cc.word("Try again"), again));
        }
      };
      desk.on("section", (open) => open === name && again());
      return cc.make(
        "section",
        { class: `wide ${name}`, "data-of": name, hidden: true },
        cc.make("header", null, cc.make("h1", null, title()), cc.make("p", { class: "dim", "data-title": name })),
        body,
      );
    };
  };

  // Whether what is seen is the present. If not, no step may be taken: it would be taken blindly.
  desk.live = () => document.body.dataset.connection === "live" && desk.rest !== null && desk.host.dataset.state !== "stale";
})(window.commandcenter);
