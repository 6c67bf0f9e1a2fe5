/* The console's left side: sections, domains with what waits in them, who works here, what is alive. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const parts = { domains: new Map() };

  desk.nav = function () {
    parts.badge = cc.make("b", { class: "badge" });
    parts.all = cc.button(
      [cc.make("span", null, cc.word("Incidents")), parts.badge],
      () => go({ domain: "" }),
      { class: "place", "data-domain": "" },
    );
    const domains = desk.facts.domains.map(domain);
    parts.sources = cc.make("p", { class: "sources" });
    parts.menu = cc.button("☰", () => parts.nav.classList.toggle("open"), { class: "menu", "aria-label": cc.word("Menu") });
    const feet = cc.make("footer", null, desk.callButton(), desk.self(), parts.sources);
    const whose = cc.make(
      "header",
      null,
      parts.menu,
      cc.make("div", null, cc.make("strong", null, cc.word("Command centre")), cc.make("small", null, desk.facts.region.name)),
    );
    parts.nav = cc.make(
      "nav",
      { "aria-label": cc.word("Sections") },
      whose,
      cc.make("div", { class: "places" }, parts.all, domains, sections()),
      feet,
    );
    return parts.nav;
  };

  function domain({ feed, word }) {
    const count = cc.make("small");
    parts.domains.set(feed, count);
    return cc.button([cc.make("span", null, word), count], () => go({ domain: feed }), { class: "place", "data-domain": feed });
  }

  const sections = () => [
    place("#maintenance", cc.word("Maintenance")),
    desk.facts.me.acts && place("#handover", cc.word("Hand over")),
    place("#history", cc.word("History and reports")),
    desk.facts.channels && desk.facts.channels.length > 0 && place("#channels", cc.word("Channels")),
    desk.facts.me.acts && desk.facts.me.whole && rejected(),
    desk.facts.me.acts && place("/screens", cc.word("Displays")),
    desk.facts.me.admin && place("/admin", cc.word("Administration")),
  ];
  function rejected() {
    parts.rejects = cc.make("small");
    return cc.make("a", { class: "place", href: "#rejected" }, cc.make("span", null, cc.word("Rejected input")), parts.rejects);
  }
  const place = (address, word) => cc.make("a", { class: "place", href: address }, word);

  function go(filter) {
    location.hash = "";
    desk.filter(filter);
  }

  // --- what it shows ---------------------------------------------------------------------------
  desk.on("looked", ({ waiting, domains }) => {
    cc.say(parts.badge, waiting ? cc.number(waiting) : "");
    for (const [feed, count] of parts.domains) cc.say(count, domains[feed] ? cc.number(domains[feed]) : "");
    const { alive, all, rejects } = desk.totals.sources || {};
    if (parts.rejects) cc.say(parts.rejects, rejects ? cc.number(rejects) : "");
    cc.say(parts.sources, all ? cc.word("{n} of {m} sources alive", { n: alive, m: all }) : "");
    current();
  });
  desk.on("section", () => {
    parts.nav.classList.remove("open");
    current();
  });
  function current() {
    const incidents = desk.section === "incidents";
    const here = (one) => (one.localName === "a" ? one.getAttribute("href") === `#${desk.section}` : incidents && one.dataset.domain === desk.filters.domain);
    for (const one of parts.nav.querySelectorAll(".place")) one.ariaCurrent = here(one) ? "page" : "false";
  }
})(window.commandcenter);
