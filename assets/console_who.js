/* Who works at this desk: whoever is signed in. What they may do is told by the server with the page. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  desk.who = () => desk.facts.me.name;

  // With the way to one's own account, and out.
  desk.self = function () {
    const { name, role } = desk.facts.me;
    const me = cc.make("a", { href: "/me", title: cc.word("My account") }, cc.make("strong", null, name), cc.make("small", null, role));
    const out = cc.make("button", { class: "quiet" }, cc.word("Sign out"));
    return cc.make("div", { class: "self" }, me, cc.make("form", { method: "post", action: "/sign-out" }, out));
  };
})(window.commandcenter);
