// Lanes, devices and sinks as rows; each opens its card. What needs a look comes first.
import LevelMark from "./level_mark.js";

const URGENCY = { bad: 0, warn: 1, ok: 2, idle: 3 };

export default {
  components: { LevelMark },
  props: { plan: Object, live: Object, words: Object, open: String },
  emits: ["show"],
  computed: {
    groups() {
      return [
        { name: "lane", title: this.words.lanes, empty: this.words.noLanes, rows: this.rows("lane", this.lane) },
        { name: "device", title: this.words.devices, empty: this.words.noDevices, rows: this.rows("device", this.device) },
        { name: "sink", title: this.words.sinks, empty: this.words.noSinks, rows: this.rows("sink", this.sink) },
      ];
    },
    names() {
      return Object.fromEntries(this.plan.marks.map((mark) => [mark.key, mark.name]));
    },
  },
  methods: {
    rows(family, describe) {
      const rows = Object.keys(this.live)
        .filter((key) => key.startsWith(`${family}/`))
        .map((key) => ({
          key,
          name: this.names[key] ?? key.slice(family.length + 1),
          level: this.live[key].level,
          ...describe(this.live[key]),
        }));
      const urgency = (row) => (family === "lane" ? 0 : URGENCY[row.level]);
      return rows.sort((a, b) => urgency(a) - urgency(b) || a.name.localeCompare(b.name));
    },
    lane(value) {
      return {
        icon: this.plan.icons.lane,
        note: value.warning ?? [value.word, value.count].filter(Boolean).join(" · "),
        end: value.lines.length ? value.total : "",
      };
    },
    device(value) {
      return {
        icon: this.plan.icons[value.kind],
        note: value.level === "ok" ? value.kind_word : [value.word, value.problem].filter(Boolean).join(" · "),
        end: "",
      };
    },
    sink(value) {
      return {
        icon: "cloud_queue",
        note: value.error ?? value.word,
        end: value.level === "ok" ? "" : value.backlog,
      };
    },
  },
  template: `
    <div class="se-lists">
      <section v-for="group in groups" :key="group.name" class="se-panel se-list" :class="'is-' + group.name" :aria-label="group.title">
        <header class="se-list-head"><h2>{{ group.title }}</h2><span class="se-count">{{ group.rows.length || '' }}</span></header>
        <p v-if="!group.rows.length" class="se-empty">{{ group.empty }}</p>
        <ul v-else>
          <li v-for="row in group.rows" :key="row.key">
            <button type="button" class="se-row" :class="{ 'is-open': open === row.key }" :data-key="row.key" @click="$emit('show', row.key)">
              <span class="se-icon se-row-icon" aria-hidden="true">{{ row.icon }}</span>
              <span class="se-row-text"><span class="se-row-name">{{ row.name }}</span>
                <span class="se-row-note" :class="'is-' + row.level">{{ row.note }}</span></span>
              <span class="se-row-end">{{ row.end }}</span>
              <level-mark v-if="group.name !== 'lane' || row.level === 'warn'" :level="row.level" />
            </button>
          </li>
        </ul>
      </section>
    </div>`,
};
