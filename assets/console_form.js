/* Forms of the console: what is typed in goes to a door, and the button is busy until it is done. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  desk.box = (title, ...content) => cc.make("section", { class: "box" }, title && cc.make("h2", null, title), ...content);

  // A form that posts: `body` makes what is sent out of its fields, `done` is told the answer.
  desk.form = function (address, fields, word, done) {
    const button = cc.make("button", { class: "main" }, word);
    const send = async (event) => {
      event.preventDefault();
      const told = Object.fromEntries(new FormData(form));
      if (await desk.busily(button, address, told, done)) form.reset();
    };
    const form = cc.make("form", { submit: send }, fields, button);
    return form;
  };

  // Whether it was done. The button is busy until the server said so.
  desk.busily = async function (button, address, told, done) {
    if (button.disabled) return false;
    button.disabled = true;
    try {
      const answer = await desk.post(address, told);
      await done(answer);
      return true;
    } catch (error) {
      desk.toast({ text: error.message, bad: true });
      return false;
    } finally {
      button.disabled = false;
    }
  };
})(window.commandcenter);
