// One big figure with its last hour as a line; the last point is marked.
import LevelMark from "./level_mark.js";

const WIDTH = 96;
const HEIGHT = 28;
const PAD = 4;

export default {
  components: { LevelMark },
  props: { name: String, title: String, value: Object, words: Object },
  computed: {
    alarming() {
      return this.value.level === "warn" || this.value.level === "bad";
    },
    places() {
      const points = this.value.points;
      const known = points.filter((point) => point !== null);
      const low = Math.min(...known);
      const span = Math.max(...known) - low || 1;
      const step = (WIDTH - 2 * PAD) / Math.max(points.length - 1, 1);
      return points
        .map((point, n) => ({ point, x: PAD + n * step }))
        .filter(({ point }) => point !== null)
        .map(({ point, x }) => [x, HEIGHT - PAD - ((point - low) / span) * (HEIGHT - 2 * PAD)]);
    },
    line() {
      return this.places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    },
    last() {
      return this.places.length > 1 ? this.places[this.places.length - 1] : null;
    },
  },
  template: `
    <div class="se-figure" :class="alarming ? 'is-' + value.level : ''" :data-figure="name">
      <div class="se-figure-head">
        <span class="se-figure-title">{{ title }}</span>
        <span class="se-figure-note"><level-mark v-if="alarming" :level="value.level" /><span>{{ value.note }}</span></span>
      </div>
      <div class="se-figure-body">
        <span class="se-figure-value">{{ value.value }}</span>
        <svg v-if="last" class="se-spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"
          preserveAspectRatio="none" role="img" :aria-label="words.lastHour">
          <title>{{ words.lastHour }}</title>
          <polyline :points="line" />
          <path :d="'M' + last[0] + ' ' + last[1] + 'h0'" />
        </svg>
      </div>
    </div>`,
};
