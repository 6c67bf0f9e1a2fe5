/* The wall as the server stages it: which scene, what lies over it, and what its corner says.

   The server decides; this only shows. Cards of other scenes stay in the page, hidden and undrawn. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const create = (...told) => React.createElement(...told);

  function corner(stage) {
    const turn = stage.turn
      ? create("span", { key: "turn", className: "turn" }, Array.from({ length: stage.turn[1] }, (_, n) => create("i", { key: n, className: n + 1 === stage.turn[0] ? "now" : "" })))
      : null;
    const title = stage.turn ? create("span", { key: "title" }, stage.title) : null;
    const notes = stage.notes.map((note) => create("span", { key: note, className: "note" }, note));
    const guests = stage.guests ? create("span", { key: "guests", className: "guests" }, cc.word("guest mode")) : null;
    return create("aside", { key: "corner", id: "corner" }, turn, title, ...notes, guests, create("span", { key: "signs", id: "signs" }));
  }

  cc.Stage = function (props) {
    const stage = props.stage;
    React.useLayoutEffect(() => {
      cc.stage = stage;
      cc.tick();
      cc.fit();
      if (cc.fetchPictures) cc.fetchPictures();
      document.dispatchEvent(new CustomEvent("stage", { detail: stage }));
    }, [stage]);
    return create(
      React.Fragment,
      null,
      create("style", { key: "style" }, stage.style),
      create("main", { key: "wall", className: "wall", id: "wall", "data-wall": stage.wall, "data-scene": stage.scene }, props.children),
      corner(stage),
      stage.message ? create("div", { key: "message", id: "message", role: "status" }, create("p", null, stage.message)) : null,
      stage.dark ? create("div", { key: "dark", id: "dark" }) : null,
    );
  };
  cc.Stage.dashRenderType = true;
})(window.commandcenter);
