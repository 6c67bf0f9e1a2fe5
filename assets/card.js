/* The one Dash component of our own: a card whose inside is a tree of plain JSON.

   Dash's set_props replaces `drawing`; React then changes in the page only what differs. Text is
   always text: nothing in a drawing can become markup. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const ALLOWED = /^(a|b|button|canvas|dd|div|dl|dt|em|footer|h1|h2|h3|header|i|li|meter|ol|p|path|section|small|span|strong|svg|table|tbody|td|th|thead|time|tr|ul|circle|rect|line|polygon|polyline|text|g|label|input|select|option|optgroup|form|details|summary|kbd)$/;

  // A part of a drawing that a patch did not touch is the same array as before, and so the same
  // element: React passes over it without looking inside.
  const made = new WeakMap(); // node -> its element

  function element(node, index) {
    if (node === null || node === undefined) return null;
    if (!Array.isArray(node)) return String(node);
    const known = made.get(node);
    const [name, attributes, ...children] = node;
    if (known && (known.index === index || attributes.key !== undefined)) return known.element;
    if (!ALLOWED.test(name)) return null;
    // A key of the drawing's own (incident 2) must not meet a place (the second child): React would
    // keep one of the two on the page for ever.
    const key = attributes.key === undefined ? index : "own " + attributes.key;
    const props = { ...attributes, key };
    const fresh = React.createElement(name, props, ...children.map(element));
    made.set(node, { index, element: fresh });
    return fresh;
  }

  function age(drawing) {
    const at = drawing.at ? Date.parse(drawing.at) : null;
    const text = at ? React.createElement("time", { key: "age", "data-ago": at }) : cc.word(drawing.base || "none");
    return React.createElement("span", { className: "age" }, React.createElement("i", { className: "dot" }), text);
  }

  function header(drawing) {
    if (!drawing.title) return null;
    return React.createElement(
      "header",
      { key: "header" },
      React.createElement("h2", null, drawing.title),
      React.createElement("span", { className: "subtitle" }, drawing.subtitle),
      drawing.origin === "demo" || drawing.origin === "manual"
        ? React.createElement("span", { className: "origin" }, cc.word(drawing.origin))
        : null,
      age(drawing),
    );
  }

  cc.Card = function (props) {
    const section = React.useRef(null);
    const drawing = props.drawing || {};
    React.useLayoutEffect(() => {
      cc.tick(section.current);
      cc.fitSoon(section.current);
      if (cc.fetchPictures) cc.fetchPictures();
    });
    return React.createElement(
      "section",
      {
        id: props.id,
        ref: section,
        className: "card panel-" + drawing.kind + (drawing.title ? "" : " bare"),
        "data-panel": props.panel,
        "data-origin": drawing.origin || "live",
        "data-at": drawing.at || "",
        "data-late-at": drawing.lateAt || undefined,
        "data-stale-at": drawing.staleAt || undefined,
        "data-base": drawing.base || undefined,
        "data-version": drawing.v,
      },
      header(drawing),
      props.children ? React.createElement("div", { key: "chart", className: "chart" }, props.children) : null,
      React.createElement("div", { key: "body", className: "body" }, element(drawing.body, 0)),
      drawing.trouble
        ? React.createElement("p", { key: "trouble", className: "trouble", title: drawing.trouble }, drawing.trouble)
        : null,
    );
  };
  cc.Card.dashRenderType = true;
})(window.commandcenter);
