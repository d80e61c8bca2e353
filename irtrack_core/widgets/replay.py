"""A recorded demo as HTML: controls and pictures that work without a kernel, a library or a network.

A recorded demo is plain data; an executed notebook holds it under the MIME type `MIME`:

    controls   list of {"name", "kind": "range" or "select", "values": texts, "at": index of the first setting}
    shots      one for each combination of values, the last control's changing fastest: [number of the picture or None,
               HTML beside it, or a sentence that says why there is no picture]
    pictures   WebP, base64
    size       width and height of a picture, pixels
    plays      number of the control that can be played, or None
    note       sentences: what was recorded, and what only the live demo of the notebook offers
"""

import html
import json
from itertools import accumulate

MIME = "application/vnd.irtrack.recorded+json"

STYLE = """<style>
.irtrack-recorded {
  border: 1px solid #d0d7de; border-radius: 6px; padding: .8rem; margin: .4rem 0; font: 15px/1.4 sans-serif; color: #1f2328;
}
.irtrack-recorded .controls {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: .5rem 1.6rem;
}
.irtrack-recorded label { display: grid; grid-template-columns: 8rem 1fr 3rem; gap: .6rem; align-items: center; }
.irtrack-recorded label { min-height: 2rem; }
.irtrack-recorded label.select { grid-template-columns: 8rem 1fr; }
.irtrack-recorded :is(input, select) { width: 100%; min-width: 0; margin: 0; font: inherit; accent-color: #0072b2; }
.irtrack-recorded input { height: 1.8rem; }
.irtrack-recorded select { padding: .2rem; }
.irtrack-recorded output { font-weight: 600; font-variant-numeric: tabular-nums; }
.irtrack-recorded button { font: inherit; padding: .25rem .9rem; margin: .5rem .5rem 0 0; cursor: pointer; }
.irtrack-recorded .grow { display: none; }
.irtrack-recorded .words { margin: .5rem 0 0; }
.irtrack-recorded .words:empty { display: none; }
.irtrack-recorded .words img { height: 40px; width: auto; vertical-align: middle; }
.irtrack-recorded .picture { margin-top: .5rem; overflow-x: auto; }
.irtrack-recorded .picture img { display: block; max-width: 100%; height: auto; margin: 0; }
.irtrack-recorded .none img { opacity: .15; }
.irtrack-recorded .note { margin: .5rem 0 0; font-size: 13px; color: #57606a; }
@media (max-width: 700px) {
  .irtrack-recorded { padding: .5rem; }
  .irtrack-recorded .grow { display: inline-block; }
  .irtrack-recorded .large img { max-width: none; }
}
</style>"""

SCRIPT = """<script>
for (const box of document.querySelectorAll('.irtrack-recorded')) {
  const demo = JSON.parse(box.querySelector('script').textContent);
  const controls = [...box.querySelectorAll('input, select')], frame = box.querySelector('.picture');
  const image = frame.querySelector('img'), words = box.querySelector('.words');
  const play = box.querySelector('.play'), grow = box.querySelector('.grow');
  let clock = null;
  const show = () => {
    let at = 0;
    const said = controls.map((control, k) => {
      const {name, values} = demo.controls[k], text = values[control.value];
      at = at * values.length + Number(control.value);
      if (control.type === 'range') {
        control.setAttribute('aria-valuetext', text);
        control.parentNode.querySelector('output').textContent = text;
      }
      return name + ' ' + text;
    });
    const [number, beside] = demo.shots[at];
    words.innerHTML = beside;
    frame.classList.toggle('none', number === null);
    if (number !== null) image.src = 'data:image/webp;base64,' + demo.pictures[number];
    image.alt = number === null ? 'no picture' : 'the demo with ' + said.join(', ');
  };
  const stop = () => {
    clearInterval(clock);
    clock = null;
    if (play) play.textContent = '\\u25B6 play';
  };
  for (const control of controls) control.addEventListener('input', () => { stop(); show(); });
  if (play) play.addEventListener('click', () => {
    if (clock) return stop();
    const control = controls[demo.plays], last = Number(control.max);
    if (Number(control.value) === last) control.value = 0;
    play.textContent = '\\u25A0 stop';
    show();
    clock = setInterval(() => {
      control.value = Number(control.value) + 1;
      show();
      if (Number(control.value) === last) stop();
    }, 300);
  });
  grow.addEventListener('click', () => {
    const large = frame.classList.toggle('large');
    grow.textContent = large ? 'fit the picture' : 'enlarge the picture';
  });
  show();
}
</script>"""


def markup(demo):
    """HTML of one recorded demo; the page must have STYLE before it and SCRIPT once after all of its demos."""
    controls = demo["controls"]
    number, beside = demo["shots"][start(controls)]
    width, height = demo["size"]
    source = f"data:image/webp;base64,{demo['pictures'][number]}"
    data = json.dumps(demo, ensure_ascii=False).replace("<", "\\u003c")  # no tag may end the script
    plays = '<button type="button" class="play">▶ play</button>' if demo["plays"] is not None else ""
    return f"""<div class="irtrack-recorded" role="group" aria-label="recorded demo">
<div class="controls">{"".join(map(_control, controls))}</div>
{plays}<button type="button" class="grow">enlarge the picture</button>
<div class="words" aria-live="polite">{beside}</div>
<div class="picture"><img src="{source}" width="{width}" height="{height}" alt="the demo"></div>
<p class="note">{html.escape(demo["note"])}<noscript> Without JavaScript only the first settings are shown.</noscript></p>
<script type="application/json">{data}</script>
</div>"""


def start(controls):
    """Index among the shots of the first settings."""
    *_, place = accumulate(controls, lambda at, one: at * len(one["values"]) + one["at"], initial=0)
    return place


def _control(control):
    name, values, at = html.escape(control["name"]), [html.escape(value) for value in control["values"]], control["at"]
    if control["kind"] == "select":
        chosen = ["", " selected"]
        options = [f'<option value="{i}"{chosen[i == at]}>{value}</option>' for i, value in enumerate(values)]
        return (
            f'<label class="select"><span>{name}</span><select autocomplete="off">{"".join(options)}</select></label>'
        )
    slider = f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{at}" autocomplete="off">'
    return f"<label><span>{name}</span>{slider}<output>{values[at]}</output></label>"
