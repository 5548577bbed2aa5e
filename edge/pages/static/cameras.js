// The list of cameras: how each does and what it watches, without any picture.
import LevelMark from "store-edge-home/level_mark.js";

const [WIDE, HIGH] = [160, 90];

export default {
  components: { LevelMark },
  props: { rows: Array, zones: Array, words: Object, setsUp: Boolean },
  data() {
    return { cameras: this.rows };
  },
  methods: {
    // Called by the server.
    show(rows) {
      this.cameras = rows;
    },
    path(points) {
      return points.map(([x, y]) => `${x * WIDE},${y * HIGH}`).join(" ");
    },
    lines({ layout }) {
      return layout.lines.map((line) => (line.entrance ? `${line.name} (${this.words.entrance})` : line.name)).join(", ");
    },
    areas({ layout }) {
      const named = ({ zone }) => this.zones.find(({ id }) => id === zone)?.name ?? zone;
      return layout.areas.map((area) => (area.queue ? `${named(area)} (${this.words.queue})` : named(area))).join(", ");
    },
  },
  template: `
    <div class="se-cameras">
      <p v-if="!cameras.length" class="se-empty se-panel se-cameras-none">{{ words.noCameras }}</p>
      <article v-for="one in cameras" :key="one.camera" class="se-panel se-camera" :data-camera="one.camera">
        <svg class="se-camera-plan" viewBox="0 0 ${WIDE} ${HIGH}" aria-hidden="true">
          <polygon v-for="(mask, n) in one.layout.masks" :key="'m' + n" class="is-mask" :points="path(mask)" />
          <polygon v-for="(area, n) in one.layout.areas" :key="'a' + n" class="is-area" :points="path(area.polygon)" />
          <line v-for="line in one.layout.lines" :key="line.name" :x1="line.start[0] * ${WIDE}" :y1="line.start[1] * ${HIGH}"
            :x2="line.end[0] * ${WIDE}" :y2="line.end[1] * ${HIGH}" />
        </svg>
        <div class="se-camera-text">
          <h2>{{ one.camera }}</h2>
          <p class="se-standing" :class="'is-' + one.level"><level-mark :level="one.level" />{{ one.problem ? one.word + ' · ' + one.problem : one.word }}</p>
          <dl class="se-facts">
            <dt>{{ words.lines }}</dt><dd>{{ lines(one) || words.none }}</dd>
            <dt>{{ words.areas }}</dt><dd>{{ areas(one) || words.none }}</dd>
            <dt>{{ words.settings }}</dt><dd :class="one.settled ? '' : 'se-unsettled'"><level-mark v-if="!one.settled" level="warn" />{{ one.settings }}</dd>
            <template v-for="[name, figure] in one.figures" :key="name"><dt>{{ name }}</dt><dd>{{ figure }}</dd></template>
          </dl>
          <a v-if="setsUp" class="se-button is-primary" :href="'/cameras/' + one.camera">{{ words.setUp }}</a>
        </div>
      </article>
    </div>`,
};
