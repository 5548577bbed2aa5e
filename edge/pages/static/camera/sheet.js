// The picture with everything that is drawn on it, by pointer, finger or keys.
import { TOUCH, arrow, distance, holds, middle, sides, toSegment } from "./geometry.js";
import { copy, percent, pointsOf, rounded, setPoints, shapesOf } from "./sketch.js";

const STILL = 6;
const STEP = 0.005;
const FINE = 0.001;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default {
  props: {
    sketch: Object, selected: Object, tool: String, ratio: Number, picture: Object, heat: Object, overlay: Object,
    faulty: Array, words: Object, zones: Array,
  },
  emits: ["begin", "change", "select", "drawn", "remove", "cancel", "draft"],
  data() {
    return { width: 0, draft: [], pointer: null, drag: null };
  },
  mounted() {
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(this.$refs.sheet);
    this.measure();
  },
  unmounted() {
    this.observer.disconnect();
  },
  watch: {
    tool() {
      this.draft = [];
      this.pointer = null;
    },
    "draft.length"(count) {
      this.$emit("draft", count);
    },
    picture: { handler: "paint", flush: "post" },
    heat: { handler: "paint", flush: "post" },
  },
  computed: {
    height() {
      return this.width / this.ratio;
    },
    lines() {
      return this.sketch.lines.map((line, n) => {
        const [start, end] = [this.px(line.start), this.px(line.end)];
        const pointing = arrow(start, end, 34);
        return {
          key: `lines/${n}`, shape: { kind: "lines", n }, name: line.name, start, end, ...pointing,
          word: [pointing.tip[0] + pointing.way[0] * 14, pointing.tip[1] + pointing.way[1] * 14 + 5],
          ...this.labelled(start, end, pointing.way, this.counted(line.name)), entrance: line.entrance,
        };
      });
    },
    areas() {
      return this.sketch.areas.map((area, n) => ({
        key: `areas/${n}`, shape: { kind: "areas", n }, name: this.zoneName(area.zone), queue: area.queue,
        path: this.path(area.polygon), at: this.px(middle(area.polygon)), people: this.people(area.zone),
      }));
    },
    masks() {
      return this.sketch.masks.map((mask, n) => ({
        key: `masks/${n}`, shape: { kind: "masks", n }, path: this.path(mask), at: this.px(middle(mask)),
      }));
    },
    persons() {
      return (this.overlay?.people ?? []).map(({ number, box, point }) => ({
        number, x: box[0] * this.width, y: box[1] * this.height, width: box[2] * this.width, height: box[3] * this.height,
        foot: this.px(point),
      }));
    },
    body() {
      if (this.drag?.kind === "body" && this.drag.moved) return this.span(this.drag.from, this.pointer);
      if (this.sketch.body === null) return null;
      const high = this.sketch.body * this.height;
      return { x: 10, y: (this.height - high) / 2, width: Math.max(18, high / 4), height: high };
    },
    bodyWord() {
      return this.body ? percent(this.body.height / this.height) : "";
    },
    handles() {
      if (!this.selected || this.tool !== "select") return [];
      return pointsOf(this.sketch, this.selected).map((point, n) => ({ n, at: this.px(point) }));
    },
    between() {
      if (!this.selected || this.tool !== "select" || this.selected.kind === "lines") return [];
      return sides(pointsOf(this.sketch, this.selected)).map(([one, other], n) => ({ n, at: this.px(middle([one, other])) }));
    },
    drafted() {
      const points = this.draft.map(this.px);
      if (this.pointer && points.length) points.push(this.pointer);
      return points;
    },
  },
  methods: {
    measure() {
      this.width = this.$refs.sheet?.clientWidth ?? 0;
    },
    paint() {
      for (const [canvas, image] of [[this.$refs.picture, this.picture], [this.$refs.heat, this.heat?.image]]) {
        if (!canvas || !image) continue;
        [canvas.width, canvas.height] = [image.width, image.height];
        canvas.getContext("2d").drawImage(image, 0, 0);
      }
    },
    px([x, y]) {
      return [x * this.width, y * this.height];
    },
    part([x, y]) {
      return [rounded(x / this.width), rounded(y / this.height)];
    },
    path(points) {
      return points.map((point) => this.px(point).join(",")).join(" ");
    },
    span([x, y], [u, v]) {
      return { x: Math.min(x, u), y: Math.min(y, v), width: Math.abs(u - x), height: Math.abs(v - y) };
    },
    // Name and count stand on the side that the arrow does not take.
    labelled(start, end, way, count) {
      const [x, y] = middle([start, end]);
      const [left, top] = [x - way[0] * 64, y - way[1] * (way[1] > 0 ? 14 : 26)];
      const name = [Math.min(this.width - 60, Math.max(60, left)), Math.min(this.height - 28, Math.max(36, top))];
      return { count, label: [name[0], name[1] - (count ? 20 : 0) + (count && way[1] < 0 ? 20 : 0)] };
    },
    counted(name) {
      const seen = this.overlay?.lines.find((line) => line.line === name);
      return seen ? `${this.words.in} ${seen.in} · ${this.words.out} ${seen.out}` : "";
    },
    people(zone) {
      const seen = this.overlay?.zones.find((one) => one.zone === zone);
      return seen ? String(seen.people) : "";
    },
    zoneName(zone) {
      return this.zones.find(({ id }) => id === zone)?.name ?? zone;
    },
    is(shape) {
      return this.selected?.kind === shape.kind && this.selected?.n === shape.n;
    },
    classes(shape) {
      return { "is-selected": this.is(shape), "is-faulty": this.faulty.includes(`${shape.kind}/${shape.n}`) };
    },
    place(event) {
      const box = this.$refs.svg.getBoundingClientRect();
      return [
        Math.min(this.width, Math.max(0, event.clientX - box.left)),
        Math.min(this.height, Math.max(0, event.clientY - box.top)),
      ];
    },
    down(event) {
      if (event.button > 0 || this.drag) return;
      this.$refs.svg.setPointerCapture(event.pointerId);
      const at = this.place(event);
      this.drag = { id: event.pointerId, from: at, moved: false, ...(this.tool === "select" ? this.grabbed(at) : { kind: this.tool }) };
      if (this.tool === "line" && !this.draft.length) this.draft = [this.part(at)];
      this.pointer = at;
      if (this.tool === "select") this.$emit("select", this.drag.shape ? { ...this.drag.shape, point: this.drag.point ?? null } : null);
      this.$refs.svg.focus({ preventScroll: true });
    },
    move(event) {
      const at = this.place(event);
      if (!this.drag) {
        if (event.pointerType === "mouse" && this.draft.length) this.pointer = at;
        return;
      }
      if (event.pointerId !== this.drag.id) return;
      this.pointer = at;
      if (!this.drag.moved && distance(at, this.drag.from) < STILL) return;
      if (!this.drag.moved && this.drag.shape) this.$emit("begin");
      this.drag.moved = true;
      if (this.drag.shape) this.pull(at);
    },
    up(event) {
      if (event.pointerId !== this.drag?.id) return;
      const drag = this.drag;
      const at = this.place(event);
      this.drag = null;
      if (this.tool === "line") this.endLine(at);
      if (this.tool === "zone" || this.tool === "mask") this.addCorner(at);
      if (this.tool === "body" && drag.moved) this.$emit("drawn", { tool: "body", body: rounded(Math.abs(at[1] - drag.from[1]) / this.height) });
      this.pointer = event.pointerType === "mouse" && this.draft.length ? at : null;
    },
    lose() {
      this.drag = null;
      this.pointer = null;
    },
    // What is under a finger: a point of the selected shape, a place between two, or a shape.
    grabbed(at) {
      const close = (marks) => marks
        .map(({ n, at: mark }) => [n, distance(at, mark)])
        .filter(([, far]) => far <= TOUCH)
        .sort((a, b) => a[1] - b[1])[0]?.[0];
      if (this.selected) {
        const shape = { kind: this.selected.kind, n: this.selected.n };
        const point = close(this.handles);
        if (point !== undefined) return { shape, point };
        const gap = close(this.between);
        if (gap !== undefined) return { shape, point: gap + 1, fresh: true };
      }
      const shape = this.hit(at);
      return shape ? { shape } : {};
    },
    hit(at) {
      const found = shapesOf(this.sketch).map((shape) => [shape, this.far(shape, at)]).filter(([, far]) => far <= TOUCH);
      return found.sort((a, b) => a[1] - b[1])[0]?.[0] ?? null;
    },
    // Lines go before areas that they cross: a finger inside of an area is a little away from it.
    far(shape, at) {
      const points = pointsOf(this.sketch, shape).map(this.px);
      if (shape.kind === "lines") return toSegment(at, ...points);
      const edge = Math.min(...sides(points).map(([one, other]) => toSegment(at, one, other)));
      return holds(points, at) ? Math.min(edge, TOUCH) : edge;
    },
    pull(at) {
      const { shape, point, from } = this.drag;
      const sketch = copy(this.sketch);
      const points = pointsOf(sketch, shape);
      if (this.drag.fresh) {
        points.splice(point, 0, this.part(at));
        this.drag.fresh = false;
      }
      if (point !== undefined) points[point] = this.part(at);
      else this.shift(points, (at[0] - from[0]) / this.width, (at[1] - from[1]) / this.height);
      setPoints(sketch, shape, points);
      this.drag.from = point === undefined ? at : from;
      this.$emit("change", sketch);
    },
    // A shape that reaches the rim stays whole.
    shift(points, dx, dy) {
      const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
      const x = Math.max(-Math.min(...xs), Math.min(1 - Math.max(...xs), dx));
      const y = Math.max(-Math.min(...ys), Math.min(1 - Math.max(...ys), dy));
      points.forEach((point, n) => (points[n] = [rounded(point[0] + x), rounded(point[1] + y)]));
    },
    // A line is dragged, or its two ends are tapped one after the other.
    endLine(at) {
      const start = this.draft[0];
      if (distance(this.px(start), at) < 2 * STILL) return;
      this.finish([start, this.part(at)]);
    },
    addCorner(at) {
      if (this.draft.length > 2 && distance(this.px(this.draft[0]), at) <= TOUCH) this.finish(this.draft);
      else this.draft = [...this.draft, this.part(at)];
    },
    finish(points) {
      this.draft = [];
      this.pointer = null;
      this.$emit("drawn", { tool: this.tool, points });
    },
    done() {
      if (this.draft.length > 2) this.finish(this.draft);
    },
    key(event) {
      if (event.key === "Escape") this.$emit("cancel");
      else if (event.key === "Enter" && this.draft.length > 2) this.done();
      else if (event.key === "Delete" || event.key === "Backspace") this.$emit("remove");
      else if (event.key in KEYS && this.selected && this.selected.kind !== "body") this.nudge(event);
      else return;
      event.preventDefault();
    },
    nudge(event) {
      const step = event.shiftKey ? FINE : STEP;
      const [dx, dy] = KEYS[event.key].map((way) => way * step);
      const sketch = copy(this.sketch);
      const points = pointsOf(sketch, this.selected);
      const { point } = this.selected;
      if (point !== null && point !== undefined) points[point] = [rounded(points[point][0] + dx), rounded(points[point][1] + dy)];
      else this.shift(points, dx, dy);
      setPoints(sketch, this.selected, points);
      this.$emit("begin");
      this.$emit("change", sketch);
    },
  },
  template: `
    <div ref="sheet" class="se-sight" :class="{ 'is-drawing': tool !== 'select' }" :style="{ '--ratio': ratio }">
      <canvas v-show="picture" ref="picture" class="se-sight-layer" role="img" :aria-label="words.picture"></canvas>
      <canvas v-show="heat" ref="heat" class="se-sight-layer" role="img" :aria-label="words.heat"></canvas>
      <svg ref="svg" class="se-sight-layer" :width="width" :height="height" tabindex="0" role="group" :aria-label="words.drawing"
        @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="lose" @keydown="key">
        <defs>
          <pattern id="se-mask" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="10" height="10" fill="rgb(22 32 42 / 55%)" /><rect width="3" height="10" fill="rgb(255 255 255 / 55%)" />
          </pattern>
        </defs>
        <g v-for="mask in masks" :key="mask.key" class="se-drawn is-mask" :class="classes(mask.shape)" :data-shape="mask.key">
          <polygon :points="mask.path" /><text :x="mask.at[0]" :y="mask.at[1] + 5">{{ words.mask }} {{ mask.shape.n + 1 }}</text>
        </g>
        <g v-for="area in areas" :key="area.key" class="se-drawn is-area" :class="classes(area.shape)" :data-shape="area.key">
          <polygon :points="area.path" />
          <text :x="area.at[0]" :y="area.at[1] + (area.people ? -4 : 5)">{{ area.name }}<tspan v-if="area.queue"> · {{ words.queue }}</tspan></text>
          <text v-if="area.people" class="se-drawn-count" :x="area.at[0]" :y="area.at[1] + 17">{{ area.people }}</text>
        </g>
        <g v-for="line in lines" :key="line.key" class="se-drawn is-line" :class="classes(line.shape)" :data-shape="line.key">
          <line class="se-drawn-rim" :x1="line.start[0]" :y1="line.start[1]" :x2="line.end[0]" :y2="line.end[1]" />
          <line :x1="line.start[0]" :y1="line.start[1]" :x2="line.end[0]" :y2="line.end[1]" />
          <line class="se-drawn-rim" :x1="line.foot[0]" :y1="line.foot[1]" :x2="line.tip[0]" :y2="line.tip[1]" />
          <line :x1="line.foot[0]" :y1="line.foot[1]" :x2="line.tip[0]" :y2="line.tip[1]" />
          <polyline :points="line.head.map((p) => p.join(',')).join(' ')" />
          <text class="se-drawn-in" :x="line.word[0]" :y="line.word[1]">{{ words.in }}</text>
          <text :x="line.label[0]" :y="line.label[1]">{{ line.name }}<tspan v-if="line.entrance"> · {{ words.entrance }}</tspan></text>
          <text v-if="line.count" class="se-drawn-count" :x="line.label[0]" :y="line.label[1] + 20">{{ line.count }}</text>
        </g>
        <g v-if="body" class="se-drawn is-body" :class="{ 'is-selected': selected?.kind === 'body' }">
          <rect :x="body.x" :y="body.y" :width="body.width" :height="body.height" rx="4" />
          <text :x="body.x + body.width / 2" :y="Math.max(14, body.y - 6)">{{ bodyWord }}</text>
        </g>
        <g v-for="person in persons" :key="person.number" class="se-person">
          <rect :x="person.x" :y="person.y" :width="person.width" :height="person.height" rx="3" />
          <circle :cx="person.foot[0]" :cy="person.foot[1]" r="4" />
          <text :x="person.x + 4" :y="person.y + 14">{{ person.number }}</text>
        </g>
        <g v-if="drafted.length" class="se-draft">
          <polyline class="se-drawn-rim" :points="drafted.map((p) => p.join(',')).join(' ')" />
          <polyline :points="drafted.map((p) => p.join(',')).join(' ')" />
          <circle v-for="(at, n) in drafted" :key="n" :cx="at[0]" :cy="at[1]" :r="n === 0 && draft.length > 2 ? 11 : 6" />
        </g>
        <circle v-for="gap in between" :key="'gap' + gap.n" class="se-gap-handle" :cx="gap.at[0]" :cy="gap.at[1]" r="5" />
        <circle v-for="handle in handles" :key="'handle' + handle.n" class="se-handle" :class="{ 'is-held': selected.point === handle.n }"
          :cx="handle.at[0]" :cy="handle.at[1]" r="9" tabindex="0" role="button" :aria-label="words.point + ' ' + (handle.n + 1)"
          @focus="$emit('select', { kind: selected.kind, n: selected.n, point: handle.n })" />
      </svg>
      <slot></slot>
    </div>`,
};
