/* The doors of the server (commandcenter/web/console*.py), as JSON. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const PATIENCE = 10000; // ms; several thousand incidents at once may take six times as long

  // Raises an Error with a sentence for people, and with the status of a refusal. Of a step without an answer nobody knows whether it
  // was taken: that is said, and not that it was not.
  async function ask(address, options, patience) {
    const answer = await fetch(address, { signal: AbortSignal.timeout(patience || PATIENCE), ...options }).catch(() => null);
    const told = answer && (await answer.json().catch(() => null));
    if (!answer || (answer.ok && !told)) throw new Error(options.method ? unknown() : cc.word("No answer from the server"));
    if (!answer.ok) throw refusal(answer.status, told);
    return told;
  }

  const unknown = () => cc.word("No answer from the server; what counts is what the list shows");

  function refusal(status, told) {
    const why = (told && told.why) || cc.word("The server refused: {status}", { status });
    return Object.assign(new Error(why), { status });
  }

  cc.desk.get = (address) => ask(address, {});

  cc.desk.post = (address, body, patience) =>
    ask(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }, patience);
})(window.commandcenter);
