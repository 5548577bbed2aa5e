// The versions of a camera's settings: when, by whom, and the way back to one of them.
import TimeAgo from "store-edge-home/time_ago.js";
import { changes } from "./sketch.js";

export default {
  components: { TimeAgo },
  props: { versions: Array, layout: Object, words: Object, say: Function },
  emits: ["rollback"],
  data() {
    return { asked: null };
  },
  watch: {
    versions() {
      this.asked = null;
    },
  },
  methods: {
    what(version) {
      return version.layout ? changes(this.layout, version.layout) : [];
    },
    tally({ layout }) {
      if (!layout) return this.words.unreadable;
      const counts = [["line", layout.lines], ["area", layout.areas], ["mask", layout.masks]];
      return counts.filter(([, shapes]) => shapes.length).map(([kind, shapes]) => `${this.words[kind]}: ${shapes.length}`).join(" · ")
        || this.words.nothing;
    },
  },
  template: `
    <section class="se-panel se-versions" :aria-label="words.history">
      <header class="se-list-head"><h2>{{ words.history }}</h2></header>
      <p v-if="!versions.length" class="se-empty">{{ words.noHistory }}</p>
      <ol v-else>
        <li v-for="(version, n) in versions" :key="version.version" class="se-version" :data-version="version.version">
          <div class="se-version-head">
            <span class="se-row-text"><span class="se-row-name">{{ words.versionNumber.replace('{version}', version.version) }}
              <span v-if="n === 0" class="se-count">{{ words.newest }}</span></span>
              <span class="se-row-note">{{ [version.by, tally(version)].filter(Boolean).join(' · ') }}</span></span>
            <time-ago :when="version.when" />
            <button v-if="n > 0 && version.layout" type="button" class="se-button" :aria-expanded="asked === version.version"
              @click="asked = asked === version.version ? null : version.version">{{ words.rollBack }}</button>
          </div>
          <div v-if="asked === version.version" class="se-ask" role="alertdialog" :aria-label="words.rollBack">
            <p>{{ what(version).length ? words.willChange : words.willNotChange }}</p>
            <ul class="se-changes"><li v-for="(change, m) in what(version)" :key="m">{{ say(change) }}</li></ul>
            <div class="se-buttons">
              <button type="button" class="se-button is-primary" @click="$emit('rollback', version.version)">{{ words.rollBackNow }}</button>
              <button type="button" class="se-button" @click="asked = null">{{ words.cancel }}</button>
            </div>
          </div>
        </li>
      </ol>
    </section>`,
};
