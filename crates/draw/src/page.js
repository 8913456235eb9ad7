"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const frames = [...document.querySelectorAll("#frames figure")];
  const [slider, play, live, controls] = ["slider", "play", "live", "controls"].map(byId);
  let at = 0;
  let timer = 0;
  const show = (n) => {
    at = Math.max(0, Math.min(frames.length - 1, n));
    frames.forEach((frame, i) => frame.classList.toggle("shown", i === at));
    slider.value = at + 1;
    const caption = frames[at].querySelector("figcaption").textContent;
    slider.setAttribute("aria-valuetext", caption);
    if (!timer) live.textContent = caption;
  };
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    play.textContent = controls.dataset.play;
  };
  const tick = () => {
    timer = setTimeout(() => {
      show((at + 1) % frames.length);
      tick();
    }, 1000 * frames[at].dataset.seconds);
  };
  const go = (n) => {
    stop();
    show(n);
  };
  byId("back").onclick = () => go(at - 1);
  byId("on").onclick = () => go(at + 1);
  play.onclick = () => {
    if (timer) {
      stop();
      show(at);
    } else {
      play.textContent = controls.dataset.pause;
      tick();
    }
  };
  slider.oninput = () => go(slider.value - 1);
  addEventListener("keydown", (event) => {
    if (event.target === slider || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) go(at + step);
  });
  document.documentElement.classList.add("scripted");
  controls.hidden = false;
  show(0);
})();
