// The shop drawn to scale. The shapes come once; only colours, numbers and marks move.
import { TOUCH, distanceToBox, overlap, spread, textWidth } from "./geometry.js";
import ShelfShape from "./shelf_shape.js";

const MARK = 22;
const NARROW = 520;

export default {
  components: { ShelfShape },
  props: { plan: Object, live: Object, words: Object, open: String },
  emits: ["show"],
  data() {
    return { width: 0 };
  },
  mounted() {
    this.observer = new ResizeObserver(() => this.measure());
    if (this.$refs.sheet) this.observer.observe(this.$refs.sheet);
    this.measure();
  },
  unmounted() {
    this.observer.disconnect();
  },
  computed: {
    empty() {
      return this.plan.width === 0;
    },
    narrow() {
      return this.width < NARROW;
    },
    scale() {
      return this.width / this.plan.width;
    },
    height() {
      return this.plan.height * this.scale;
    },
    size() {
      return this.narrow ? 16 : MARK;
    },
    zones() {
      return this.plan.zones.map((zone) => ({
        ...zone,
        path: zone.points.map(([x, y]) => `${x * this.scale},${y * this.scale}`).join(" "),
        x: zone.anchor[0] * this.scale,
        y: zone.anchor[1] * this.scale,
        title: this.fits(zone) ? zone.name : "",
      }));
    },
    shelves() {
      return this.plan.shelves.map((shelf) => ({
        id: shelf.id,
        key: `shelf/${shelf.id}`,
        name: shelf.name,
        full: shelf.full,
        x: shelf.x * this.scale,
        y: shelf.y * this.scale,
        width: shelf.width * this.scale,
        height: shelf.height * this.scale,
      }));
    },
    marks() {
      const shown = this.plan.marks
        .filter((mark) => mark.at !== null)
        .map((mark) => ({ ...mark, x: mark.at[0] * this.scale, y: mark.at[1] * this.scale }));
      return spread(shown, this.size + 4, this.width, this.height);
    },
    labels() {
      const onShelf = {};
      for (const key of Object.keys(this.live).sort()) {
        if (!key.startsWith("label/")) continue;
        (onShelf[this.live[key].shelf] ??= []).push(key);
      }
      return this.shelves.flatMap((shelf) => this.alongEdge(shelf, onShelf[shelf.id] ?? []));
    },
    sinks() {
      return Object.keys(this.live)
        .filter((key) => key.startsWith("sink/"))
        .map((key) => ({ key, name: key.slice(5), value: this.live[key] }));
    },
    legend() {
      return ["full", "low", "gap", "stale"].map((stock) => ({ stock, word: this.words[stock] }));
    },
  },
  methods: {
    measure() {
      this.width = this.$refs.sheet?.clientWidth ?? 0;
    },
    // A zone's name stands under its number where it covers neither wall, shelf nor mark.
    fits(zone) {
      const width = textWidth(zone.name, 12);
      const [x, y] = [zone.anchor[0] * this.scale, zone.anchor[1] * this.scale];
      const name = { x: x - width / 2, y: y + 4, width, height: 14 };
      const xs = zone.points.map(([corner]) => corner * this.scale);
      const inside = name.x > Math.min(...xs) + 2 && name.x + width < Math.max(...xs) - 2;
      const half = this.size / 2;
      const marks = this.marks.map((m) => ({ x: m.x - half, y: m.y - half, width: this.size, height: this.size }));
      return inside && ![...marks, ...this.shelves].some((box) => overlap(name, box));
    },
    // Labels hang on the front edge of their shelf: the long one.
    alongEdge(shelf, keys) {
      const lying = shelf.width >= shelf.height;
      const step = (lying ? shelf.width : shelf.height) / keys.length;
      const size = Math.min(step - 1.5, this.narrow ? 6 : 10);
      return keys.map((key, n) => {
        const along = (n + 0.5) * step - size / 2;
        const place = lying
          ? { x: shelf.x + along, y: shelf.y + shelf.height + 2, width: size, height: 4 }
          : { x: shelf.x + shelf.width + 2, y: shelf.y + along, width: 4, height: size };
        return { key, ...place };
      });
    },
    cloud(level) {
      return { ok: "cloud_done", bad: "cloud_off" }[level] ?? "cloud_upload";
    },
    level(key) {
      return this.live[key]?.level ?? "idle";
    },
    said(mark) {
      const value = this.live[mark.key];
      return value ? `${mark.name}: ${value.word}` : mark.name;
    },
    // One finger covers several small marks: the nearest within 22 px is meant.
    touch(event) {
      const sheet = this.$refs.sheet.getBoundingClientRect();
      const x = event.clientX - sheet.left;
      const y = event.clientY - sheet.top;
      const near = [
        ...this.marks.map((m) => [m.key, Math.max(Math.hypot(m.x - x, m.y - y) - this.size / 2, 0)]),
        ...this.labels.map((l) => [l.key, distanceToBox(x, y, l) + 1]),
        ...this.shelves.map((s) => [s.key, distanceToBox(x, y, s) + 2]),
      ];
      const [key, distance] = near.reduce((best, one) => (one[1] < best[1] ? one : best), ["", TOUCH]);
      if (distance < TOUCH && this.live[key]) this.$emit("show", key);
    },
  },
  template: `
    <section class="se-panel se-plan" :aria-label="words.plan">
      <div v-if="sinks.length" class="se-chips">
        <button v-for="sink in sinks" :key="sink.key" type="button" class="se-chip" :class="'is-' + sink.value.level"
          :aria-label="sink.name + ': ' + sink.value.word" :data-key="sink.key" @click="$emit('show', sink.key)">
          <span class="se-icon" aria-hidden="true">{{ cloud(sink.value.level) }}</span>
          <span>{{ sink.name }}</span>
          <span v-if="sink.value.level !== 'ok'" class="se-chip-count">{{ sink.value.backlog }}</span>
        </button>
      </div>
      <div v-if="empty" class="se-empty">
        <p>{{ words.noPlan }}</p>
        <pre>{{ words.noPlanExample }}</pre>
      </div>
      <template v-else>
        <div ref="sheet" class="se-sheet">
          <svg v-if="width" :width="width" :height="height" :viewBox="'0 0 ' + width + ' ' + height" @click="touch">
            <defs>
              <pattern id="se-low" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <line class="se-hatch is-warn" x1="0" y1="0" x2="0" y2="7" />
              </pattern>
              <pattern id="se-gap" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <path class="se-hatch is-bad" d="M0 0V7M0 0H7" />
              </pattern>
              <pattern id="se-stale" width="5" height="5" patternUnits="userSpaceOnUse">
                <circle class="se-dot" cx="1.5" cy="1.5" r="0.9" />
              </pattern>
            </defs>
            <polygon v-for="zone in zones" :key="zone.id" :points="zone.path" class="se-zone"
              :class="'is-heat-' + live['zone/' + zone.id].heat" />
            <shelf-shape v-for="shelf in shelves" :key="shelf.id" :shelf="shelf" :value="live[shelf.key]"
              :chosen="open === shelf.key" @show="$emit('show', shelf.key)" />
            <rect v-for="label in labels" :key="label.key" :x="label.x" :y="label.y" :width="label.width"
              :height="label.height" rx="1" class="se-label-mark" :class="'is-' + level(label.key)" />
            <g v-for="zone in zones" :key="zone.id" class="se-zone-name" :data-zone="zone.id"
              :transform="'translate(' + zone.x + ' ' + zone.y + ')'">
              <title>{{ zone.name }}: {{ live['zone/' + zone.id].said }}</title>
              <text class="se-zone-people" text-anchor="middle" :dy="zone.title ? -1 : 6"><tspan
                class="se-icon" aria-hidden="true">person</tspan><tspan
                class="se-zone-count" dx="2">{{ live['zone/' + zone.id].people }}</tspan></text>
              <text v-if="zone.title" class="se-zone-title" text-anchor="middle" dy="15">{{ zone.title }}</text>
            </g>
            <g v-for="mark in marks" :key="mark.key" class="se-mark" :class="['is-' + level(mark.key), { 'is-open': open === mark.key }]"
              tabindex="0" role="button" :aria-label="said(mark)" :data-key="mark.key"
              :transform="'translate(' + mark.x + ' ' + mark.y + ')'"
              @keydown.enter.prevent="$emit('show', mark.key)" @keydown.space.prevent="$emit('show', mark.key)">
              <title>{{ said(mark) }}</title>
              <rect v-if="mark.key.startsWith('lane/')" :x="-size / 2" :y="-size / 2" :width="size" :height="size" rx="6" />
              <circle v-else :r="size / 2" />
              <text class="se-icon" text-anchor="middle" dominant-baseline="central" :font-size="size * 0.64">{{ mark.icon }}</text>
              <g v-if="level(mark.key) === 'warn' || level(mark.key) === 'bad'" class="se-badge"
                :transform="'translate(' + size * 0.4 + ' ' + -size * 0.4 + ')'">
                <circle r="5.5" /><text text-anchor="middle" dominant-baseline="central">{{ level(mark.key) === 'bad' ? '×' : '!' }}</text>
              </g>
            </g>
          </svg>
        </div>
        <ul class="se-legend" :aria-label="words.legend">
          <li v-for="one in legend" :key="one.stock">
            <svg width="26" height="14" aria-hidden="true">
              <shelf-shape :shelf="{ x: 1, y: 1, width: 24, height: 12 }" :value="{ stock: one.stock, share: one.stock === 'full' ? 1 : one.stock === 'low' ? 0.3 : 0 }" sample />
            </svg>{{ one.word }}
          </li>
        </ul>
      </template>
    </section>`,
};
