/**
 * The recording surface against what a canvas promises: transforms, clips, saved states, colours by name, and texts
 * that stay texts. What cannot be drawn is refused aloud.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { brief, SvgCanvas } from "../../../results/charts/svg-canvas";
import { textWidth } from "../../../results/charts/text-width";

function surface(): SvgCanvas {
  return new SvgCanvas(100, 50, "t");
}

describe("SvgCanvas", () => {
  it("writes coordinates with two decimals and no padding", () => {
    assert.equal(brief(0.5), ".5");
    assert.equal(brief(-0.5), "-.5");
    assert.equal(brief(12), "12");
    assert.equal(brief(1 / 3), ".33");
    assert.equal(brief(-0.001), "0");
  });

  it("refuses a coordinate that is not a number instead of leaving a hole", () => {
    const canvas = surface();
    canvas.beginPath();
    assert.throws(() => canvas.lineTo(NaN, 3), /not drawable/);
  });

  it("merges strokes of one style in a row, and not across another style", () => {
    const canvas = surface();
    canvas.strokeStyle = "$grid";
    for (let x = 0; x < 3; x++) {
      canvas.beginPath();
      canvas.moveTo(x, 0);
      canvas.lineTo(x, 10);
      canvas.stroke();
    }
    canvas.strokeStyle = "$ink";
    canvas.beginPath();
    canvas.moveTo(5, 0);
    canvas.lineTo(5, 10);
    canvas.stroke();
    const content = canvas.content();
    assert.equal(content.match(/<path/g)?.length, 2);
    assert.match(content, /M0 0L0 10M1 0L1 10M2 0L2 10/);
  });

  it("turns colour tokens into CSS variables with their opacity", () => {
    const canvas = surface();
    canvas.fillStyle = "$s1/20";
    canvas.fillRect(1, 2, 3, 4);
    assert.match(canvas.content(), /fill="var\(--s1\)" fill-opacity="\.2" d="M1 2L4 2L4 6L1 6Z"/);
  });

  it("draws nothing for colours that cannot be seen", () => {
    const canvas = surface();
    for (const colour of ["transparent", "rgba(0,0,0,0)", "rgba(0, 0, 0, 0.0)"]) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 5, 5);
    }
    assert.equal(canvas.content(), "");
  });

  it("keeps text as text, escaped, and turned with the surface", () => {
    const canvas = surface();
    canvas.fillStyle = "$ink";
    canvas.font = "bold 14px Helvetica";
    canvas.textAlign = "center";
    canvas.textBaseline = "middle";
    canvas.translate(10, 20);
    canvas.rotate(-Math.PI / 2);
    canvas.fillText("<a> & 'b'", 0, 0);
    const content = canvas.content();
    assert.match(content, />&lt;a&gt; &amp; &#39;b&#39;<\/text>/);
    assert.match(content, /translate\(10 20\) rotate\(-90\)/);
    assert.match(content, /text-anchor="middle"/);
    assert.match(content, /font-weight="bold"/);
  });

  it("restores style, place and clip together", () => {
    const canvas = surface();
    canvas.fillStyle = "$ink";
    canvas.save();
    canvas.fillStyle = "$s2";
    canvas.translate(50, 0);
    canvas.beginPath();
    canvas.rect(0, 0, 10, 10);
    canvas.clip();
    canvas.fillRect(0, 0, 1, 1);
    canvas.restore();
    canvas.fillRect(0, 0, 1, 1);
    const content = canvas.content();
    assert.match(content, /<clipPath id="tc0"><path d="M50 0L60 0L60 10L50 10Z"\/><\/clipPath>/);
    assert.match(
      content,
      /<g clip-path="url\(#tc0\)"><path fill="var\(--s2\)" d="M50 0[^>]*><\/g><path fill="var\(--ink\)" d="M0 0/,
    );
  });

  it("draws a whole circle as two arcs, because SVG has no arc of a whole turn", () => {
    const canvas = surface();
    canvas.beginPath();
    canvas.arc(10, 10, 5, 0, 2 * Math.PI);
    canvas.fill();
    assert.match(canvas.content(), /M15 10A5 5 0 0 1 5 10A5 5 0 0 1 15 10/);
  });

  it("ends every arc where the canvas would, either way round", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -7, max: 7, noNaN: true }),
        fc.double({ min: -7, max: 7, noNaN: true }),
        fc.boolean(),
        (from, to, anticlockwise) => {
          const canvas = new SvgCanvas(100, 100, "t");
          canvas.beginPath();
          canvas.arc(50, 50, 20, from, to, anticlockwise);
          canvas.fill();
          const numbers = /([-\d.]+)[ ]?([-\d.]+)"\/>$/.exec(canvas.content().replace(/(\d)-/g, "$1 -"));
          assert.ok(numbers !== null);
          // A sweep beyond a whole turn is one turn, which ends where it began.
          const whole = anticlockwise ? from - to >= 2 * Math.PI : to - from >= 2 * Math.PI;
          const end = whole ? from : to;
          assert.ok(Math.abs(Number(numbers[1]) - (50 + 20 * Math.cos(end))) < 0.02);
          assert.ok(Math.abs(Number(numbers[2]) - (50 + 20 * Math.sin(end))) < 0.02);
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });

  it("measures text like the font does: wide letters, bold, size", () => {
    assert.equal(textWidth("iii", 10, false), 6.66);
    assert.ok(textWidth("WWW", 10, false) > 3 * textWidth("iii", 10, false));
    assert.ok(textWidth("text", 10, true) > textWidth("text", 10, false));
    assert.equal(textWidth("text", 20, false), 2 * textWidth("text", 10, false));
  });
});
