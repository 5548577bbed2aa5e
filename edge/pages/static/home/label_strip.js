// The pictures that the shelf labels show, as they show them.
import LevelMark from "./level_mark.js";

export default {
  components: { LevelMark },
  props: { live: Object, words: Object },
  emits: ["show"],
  computed: {
    labels() {
      return Object.keys(this.live)
        .filter((key) => key.startsWith("label/"))
        .sort()
        .map((key) => ({ key, id: key.slice(6), ...this.live[key] }));
    },
  },
  template: `
    <section class="se-panel se-strip" :aria-label="words.labels">
      <header class="se-list-head"><h2>{{ words.labels }}</h2><span class="se-count">{{ labels.length || '' }}</span></header>
      <p v-if="!labels.length" class="se-empty">{{ words.noLabels }}</p>
      <div v-else class="se-strip-row" tabindex="0" role="group" :aria-label="words.labels">
        <button v-for="label in labels" :key="label.key" type="button" class="se-picture" :data-key="label.key"
          :aria-label="(label.name || label.id) + ', ' + label.word" @click="$emit('show', label.key)">
          <img v-if="label.picture" :src="label.picture" alt="" width="148" height="64" loading="lazy" decoding="async" />
          <span v-else class="se-no-picture">{{ words.noPicture }}</span>
          <span class="se-picture-foot"><level-mark :level="label.level" /><span>{{ label.level === 'ok' ? (label.name || label.id) : label.word }}</span></span>
        </button>
      </div>
    </section>`,
};
