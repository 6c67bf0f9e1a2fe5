/* Dash asks for its layout late, and without saying for which page. Here both questions that it
   will ask are asked at once, while its own scripts are still being read. */
(function () {
  "use strict";

  // Dash names all of Plotly; where the charts need no more, the page has a third of it instead.
  const plotly = document.querySelector("meta[name=plotly]");
  if (plotly) Object.defineProperty(window, "_dashPlotlyJSURL", { get: () => plotly.content, set() {} });

  const ask = window.fetch;
  const told = new URLSearchParams({ page: location.pathname });
  const language = new URLSearchParams(location.search).get("lang");
  if (language) told.set("lang", language);

  const addresses = { "/_dash-layout": `/_dash-layout?${told}`, "/_dash-dependencies": "/_dash-dependencies" };
  const early = {};
  for (const [question, address] of Object.entries(addresses)) {
    early[question] = ask(address, { headers: { Accept: "application/json" } });
    early[question].catch(() => {}); // whoever asks hears of it
  }

  window.fetch = function (address, options) {
    if (!(address in addresses)) return ask(address, options);
    const answer = early[address] || ask(addresses[address], options);
    delete early[address];
    return answer;
  };
})();
