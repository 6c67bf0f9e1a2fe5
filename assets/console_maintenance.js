/* Maintenance: the calendar of a month, its windows, and the form for another one. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const DAY = 86400000; // ms
  const desk = cc.desk;
  let month = ""; // "2026-11"

  desk.addSection("maintenance", () => cc.word("Maintenance"), async (body, again) => {
    month = month || cc.isoDay(cc.now()).slice(0, 7);
    const told = await desk.get(`/console/maintenance?month=${month}`);
    const turn = (by) => () => {
      month = moved(month, by);
      again();
    };
    const name = cc.day(dayOf(`${month}-15`), { month: "long", year: "numeric" });
    const head = cc.make(
      "div",
      { class: "turns" },
      cc.button("‹", turn(-1), { "aria-label": cc.word("The month before") }),
      cc.make("h2", null, name),
      cc.button("›", turn(1), { "aria-label": cc.word("The month after") }),
      cc.make("a", { class: "press", href: "/console/maintenance.ics" }, cc.word("Calendar file")),
    );
    body.replaceChildren(
      cc.make("div", { class: "beside" }, cc.make("div", null, head, calendar(told.windows), list(told.windows, again)), desk.facts.me.acts && form(told.scopes, again)),
    );
  });

  const dayOf = (text) => Date.parse(`${text}T12:00:00Z`); // noon: the same day in every zone of ours

  function moved(text, by) {
    const [year, number] = text.split("-").map(Number);
    return new Date(Date.UTC(year, number - 1 + by, 15)).toISOString().slice(0, 7);
  }

  // --- the calendar ----------------------------------------------------------------------------
  // From Monday to Monday; a window stands on every day that it touches.
  function calendar(windows) {
    const first = dayOf(`${month}-01`);
    const monday = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY;
    const days = Array.from({ length: 42 }, (_, n) => monday + n * DAY);
    const weeks = days[35] && new Date(days[35]).toISOString().slice(0, 7) === month ? 42 : 35;
    const names = days.slice(0, 7).map((ms) => cc.make("b", null, cc.day(ms, { weekday: "short" })));
    return cc.make("div", { class: "calendar" }, names, days.slice(0, weeks).map((ms) => square(ms, windows)));
  }

  function square(ms, windows) {
    const day = new Date(ms).toISOString().slice(0, 10);
    const touches = ({ starts_at, ends_at }) => cc.isoDay(Date.parse(starts_at)) <= day && day <= cc.isoDay(Date.parse(ends_at) - 1);
    const now = windows.filter((one) => !one.cancelled_at && touches(one));
    const names = now.map((one) => cc.make("span", { class: "window", title: one.title }, one.title));
    const other = day.slice(0, 7) !== month;
    return cc.make(
      "div",
      { class: other ? "day other" : "day", "aria-current": day === cc.isoDay(cc.now()) ? "date" : null },
      cc.make("i", null, String(Number(day.slice(8)))),
      names,
    );
  }

  // --- the list --------------------------------------------------------------------------------
  function list(windows, again) {
    if (!windows.length) return cc.make("p", { class: "none" }, cc.word("No maintenance is planned in this month"));
    return cc.make("div", { class: "windows" }, windows.map((one) => line(one, again)));
  }

  function line(one, again) {
    const over = Date.parse(one.ends_at) <= cc.now();
    const off = cc.button(cc.word("Cancel it"), () => cancel(one, off, again), { class: "danger" });
    const when = `${moment(one.starts_at)} – ${moment(one.ends_at)}`;
    return cc.make(
      "div",
      { class: "box line-of", "data-window": one.id },
      cc.make(
        "div",
        null,
        cc.make("strong", null, one.title),
        cc.make("small", null, `${kinds()[one.kind] || one.kind} ${named(one)} · ${when} · ${one.created_by}`),
        one.note && cc.make("p", null, one.note),
      ),
      !over && off,
    );
  }

  const named = (one) => (one.kind === "office" ? desk.words.office({ office: one.scope }) : one.scope);

  const moment = (iso) => `${cc.day(Date.parse(iso), { day: "numeric", month: "short" })} ${cc.clockWithZone(Date.parse(iso))}`;

  async function cancel(one, button, again) {
    const title = cc.word("Cancel the maintenance {title}?", { title: one.title });
    if (!(await desk.confirm(title, cc.word("Cancel it")))) return;
    await desk.busily(button, `/console/maintenance/${one.id}/cancel`, {}, again);
  }

  // --- the form --------------------------------------------------------------------------------
  const kinds = () => ({
    office: cc.word("Office"),
    provider: cc.word("Provider"),
    kecamatan: cc.word("Kecamatan"),
    thing: cc.word("Device"),
    feed: cc.word("Source"),
    region: cc.word("Whole region"),
  });
  const PLURAL = { office: "offices", provider: "providers", kecamatan: "kecamatan", thing: "things", feed: "feeds" };

  function form(scopes, again) {
    const scope = cc.make("select", { name: "scope" });
    const about = cc.field(cc.word("Which one"), scope);
    const offer = (kind) => {
      const known = scopes[PLURAL[kind]] || [];
      scope.replaceChildren(...known.map(({ key, name }) => cc.option(key, name)));
      about.hidden = kind === "region";
    };
    const kind = cc.make(
      "select",
      { name: "kind", change: () => offer(kind.value) },
      Object.entries(kinds()).map(([value, word]) => cc.option(value, word)),
    );
    offer("office");
    const zone = cc.make("select", { name: "zone" }, (desk.facts.zones || []).map(({ id, word }) => cc.option(id, word)));
    if (desk.facts.zone) zone.value = desk.facts.zone;
    const time = (name) => cc.make("input", { type: "datetime-local", name, required: true });
    const fields = [
      cc.field(cc.word("What is done"), cc.make("input", { name: "title", required: true, maxlength: 200 })),
      cc.field(cc.word("Where"), kind),
      about,
      cc.field(cc.word("From"), time("starts")),
      cc.field(cc.word("Until"), time("ends")),
      cc.field(cc.word("Zone"), zone),
      cc.field(cc.word("Note"), cc.make("textarea", { name: "note", rows: 2, maxlength: 2000 })),
    ];
    const made = desk.form("/console/maintenance", fields, cc.word("Plan it"), async () => {
      desk.toast({ text: cc.word("Planned") });
      await again();
    });
    return desk.box(cc.word("New maintenance"), made);
  }
})(window.commandcenter);
