// What is known of one shelf, label, lane, device or sink; it moves while it is open.
import LevelMark from "./level_mark.js";
import TimeAgo from "./time_ago.js";

export default {
  components: { LevelMark, TimeAgo },
  props: { id: String, plan: Object, live: Object, words: Object },
  emits: ["show", "close"],
  mounted() {
    this.$refs.close.focus({ preventScroll: true });
  },
  watch: {
    value(value) {
      if (!value) this.$emit("close");
    },
  },
  computed: {
    family() {
      return this.id.slice(0, this.id.indexOf("/"));
    },
    own() {
      return this.id.slice(this.id.indexOf("/") + 1);
    },
    value() {
      return this.live[this.id];
    },
    title() {
      if (this.family === "shelf") return this.plan.shelves.find((s) => s.id === this.own)?.name ?? this.own;
      if (this.family === "label") return this.value?.name || this.own;
      return this.plan.marks.find((mark) => mark.key === this.id)?.name ?? this.own;
    },
    labels() {
      return Object.keys(this.live)
        .filter((key) => key.startsWith("label/") && this.live[key].shelf === this.own)
        .sort()
        .map((key) => ({ key, id: key.slice(6), ...this.live[key] }));
    },
    facts() {
      const value = this.value;
      const words = this.words;
      const rows = {
        shelf: [],
        lane: [],
        label: [
          [words.price, value.price],
          ["GTIN", value.gtin],
          [words.labelId, this.own],
          [words.shelf, this.plan.shelves.find((s) => s.id === value.shelf)?.name],
          [words.battery, value.battery],
          [words.accessPoint, value.device],
        ],
        device: [
          [words.kind, value.kind_word],
          [words.model, value.model],
          [words.firmware, value.fw],
          [words.settings, value.config],
        ],
        sink: [
          [words.backlog, value.backlog],
          [words.lag, value.lag],
          [words.delivered, value.delivered],
          [words.refused, value.refused],
          [words.retry, value.retry],
        ],
      };
      return rows[this.family].filter(([, text]) => text !== null && text !== undefined && text !== "");
    },
    trouble() {
      return this.value.problem ?? this.value.error ?? this.value.warning ?? null;
    },
  },
  template: `
    <aside v-if="value" class="se-card" role="dialog" :aria-label="title" :data-card="id">
      <header class="se-card-head">
        <div><div class="se-card-kind">{{ words[family] }}</div><h2>{{ title }}</h2></div>
        <button ref="close" type="button" class="se-tool" :aria-label="words.close" @click="$emit('close')">
          <span class="se-icon" aria-hidden="true">close</span></button>
      </header>
      <div class="se-card-body">
        <div class="se-state" :class="'is-' + value.level">
          <level-mark :level="value.level" /><span>{{ value.word }}</span>
          <span v-if="family === 'shelf'" class="se-state-end">{{ value.of_full }}</span>
          <time-ago v-if="value.seen" class="se-state-end" :when="value.seen" />
        </div>
        <p v-if="trouble" class="se-trouble">{{ trouble }}</p>
        <img v-if="family === 'label' && value.picture" class="se-card-picture" :src="value.picture" width="296" height="128" :alt="title" />
        <template v-if="family === 'shelf'">
          <h3>{{ words.products }}</h3>
          <p v-if="!value.products.length" class="se-empty">{{ words.noProducts }}</p>
          <ul class="se-lines">
            <li v-for="one in value.products" :key="one.gtin" :class="{ 'is-missing': one.missing }">
              <span class="se-line-name">{{ one.name }}<small>{{ one.gtin }}</small></span>
              <span class="se-line-end"><level-mark v-if="one.missing" level="bad" />{{ one.units }}</span>
            </li>
          </ul>
          <h3 v-if="labels.length">{{ words.labels }}</h3>
          <div class="se-card-pictures">
            <button v-for="label in labels" :key="label.key" type="button" class="se-picture" @click="$emit('show', label.key)"
              :aria-label="(label.name || label.id) + ', ' + label.word">
              <img v-if="label.picture" :src="label.picture" alt="" width="148" height="64" />
              <span v-else class="se-no-picture">{{ words.noPicture }}</span>
              <span class="se-picture-foot"><level-mark :level="label.level" /><span>{{ label.word }}</span></span>
            </button>
          </div>
        </template>
        <template v-if="family === 'lane'">
          <p v-if="!value.lines.length" class="se-empty">{{ words.emptyBasket }}</p>
          <ul v-else class="se-lines">
            <li v-for="(line, n) in value.lines" :key="n">
              <span class="se-line-qty">{{ line.qty }} ×</span>
              <span class="se-line-name">{{ line.name }}</span><span class="se-line-end">{{ line.amount }}</span>
            </li>
            <li class="se-total"><span class="se-line-name">{{ words.total }}</span><span class="se-line-end">{{ value.total }}</span></li>
          </ul>
        </template>
        <dl v-if="facts.length" class="se-facts">
          <template v-for="[name, text] in facts" :key="name"><dt>{{ name }}</dt><dd>{{ text }}</dd></template>
        </dl>
      </div>
    </aside>`,
};
