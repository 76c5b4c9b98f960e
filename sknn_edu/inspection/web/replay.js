// A recorded training run: a slider over the epochs that were kept.

let run, at = 0, timer = null;

function readPictures(bytes) {  // the pictures of each frame, in the order in which Python wrote them
  const decision = run.resolution ** 2, map = run.map ** 2, several = isSeveral();
  const neurons = run.drawn.reduce((sum, layer) => sum + layer.length, 0);
  const size = decision * (several ? 2 : 1) + map * neurons;
  run.frames.forEach((frame, k) => {
    let start = k * size;
    const next = n => bytes.subarray(start, start += n);
    frame.decision = next(decision);
    if (several) frame.certainty = next(decision);
    frame.maps = run.drawn.map(layer => layer.map(() => next(map)));
  });
}

function words(frame) {
  const loss = run.curve[frame.epoch - 1], score = frame.score;
  const shown = score === null ? "unknown" : run.classes === null ? score.toFixed(3) : (100 * score).toFixed(1) + " %";
  const best = frame.epoch === run.best ? " This is the best epoch, whose weights are kept." : "";
  return `Epoch ${frame.epoch}: ${run.score_name} ${shown} on the training samples, ` +
    `${run.curve_name} ${short(loss)}.${best}`;
}

function draw() {
  const frame = run.frames[at];
  drawDecision(frame);
  drawNetwork(frame);
  drawCurve(run.validation ? [run.curve, run.validation] : [run.curve], { now: frame.epoch, n: run.curve.length, best: run.best });
  $("weight").textContent = selected ? `${weightName(selected)}: ${short(weightValue(frame, selected))}` : "";
}

function show(k) {
  at = k;
  const frame = run.frames[k];
  $("epoch").value = k;
  $("epoch").setAttribute("aria-valuetext", `epoch ${frame.epoch} of ${run.curve.length}`);
  $("now").textContent = `epoch ${frame.epoch} of ${run.curve.length}`;
  $("previous").disabled = k === 0;
  $("next").disabled = k === run.frames.length - 1;
  draw();
  for (const id of ["summary", "answer"]) $(id).setAttribute("aria-live", timer === null ? "polite" : "off");  // not every frame
  $("summary").textContent = words(frame);
  $("decision").setAttribute("aria-label",
    `The answers over ${run.features[0]} and ${run.features[1]}, with the samples. ${words(frame)}`);
  $("network").setAttribute("aria-label", `A network with ${run.sizes.join(", ")} neurons in its layers, ` +
    `after epoch ${frame.epoch}.`);
  $("curve").setAttribute("aria-label", `${run.curve_name} over ${run.curve.length} epochs. ${words(frame)}`);
}

function recolour() {
  chooseColours();
  decisionLegend(run.points.length < run.n_samples ? [["", `${run.points.length} of ${run.n_samples} samples drawn`]] : []);
  networkLegend();
  fillLegend("curves", [
    ...(run.validation
      ? [[lineIcon(colours.plus, ""), "training"], [lineIcon(colours.minus, "6 4"), "validation"]]
      : []),
    ...(run.best === null ? [] : [["", `dotted: epoch ${run.best}, the best, whose weights are kept`]]),
  ]);
  $("curve-name").textContent = `${run.curve_name[0].toUpperCase()}${run.curve_name.slice(1)} of each epoch`;
  show(at);
}

function pause() {
  clearInterval(timer);
  timer = null;
  $("play").textContent = "Play";
  show(at);
}

function play() {
  if (at === run.frames.length - 1) at = -1;
  clearInterval(timer);
  timer = setInterval(() => {
    if (at < run.frames.length - 1) show(at + 1);
    if (at === run.frames.length - 1) pause();
  }, +$("speed").value);
  $("play").textContent = "Pause";
}

function moveTo(k) {
  if (timer !== null) pause();
  show(k);
}

unpack().then(([facts, bytes]) => {
  run = scene = facts;
  readPictures(bytes);
  $("epoch").max = run.frames.length - 1;
  $("epoch").addEventListener("input", event => moveTo(+event.target.value));
  $("previous").addEventListener("click", () => moveTo(at - 1));
  $("next").addEventListener("click", () => moveTo(at + 1));
  $("play").addEventListener("click", () => timer === null ? play() : pause());
  $("speed").addEventListener("change", () => { if (timer !== null) play(); });
  readDecision(draw);
  readNetwork(weight => { selected = weight; draw(); });
  spacePlays();
  followTheme(recolour);
  onResize(() => show(at));
}).catch(failed);
