// The home page: figures, floor plan, lists and label strip over one board of live values.
import Card from "store-edge-home/card.js";
import FigureTile from "store-edge-home/figure.js";
import FloorPlan from "store-edge-home/floor_plan.js";
import LabelStrip from "store-edge-home/label_strip.js";
import Lists from "store-edge-home/lists.js";

export default {
  components: { Card, FigureTile, FloorPlan, LabelStrip, Lists },
  props: { plan: Object, words: Object, board: Object },
  data() {
    return { live: { ...this.board }, open: null, opener: null };
  },
  mounted() {
    document.addEventListener("keydown", this.onKey);
    this.$emit("ready");
  },
  unmounted() {
    document.removeEventListener("keydown", this.onKey);
  },
  computed: {
    figures() {
      return ["people", "came", "sold", "conversion", "gaps", "lag"].map((name) => ({
        name,
        title: this.words[name],
        value: this.live[`figure/${name}`],
      }));
    },
  },
  methods: {
    // Called by the server with what changed since the last call.
    apply(patch) {
      for (const key of patch.gone) delete this.live[key];
      Object.assign(this.live, patch.changed);
    },
    show(key) {
      if (this.open === null) this.opener = document.activeElement;
      this.open = key;
    },
    close() {
      this.open = null;
      this.opener?.focus?.({ preventScroll: true });
      this.opener = null;
    },
    onKey(event) {
      if (event.key === "Escape" && this.open !== null) this.close();
    },
  },
  template: `
    <div class="se-home">
      <section class="se-figures" :aria-label="words.figures">
        <figure-tile v-for="f in figures" :key="f.name" :name="f.name" :title="f.title"
          :value="f.value" :words="words" />
      </section>
      <div class="se-board">
        <floor-plan class="se-board-plan" :plan="plan" :live="live" :words="words" :open="open" @show="show" />
        <label-strip class="se-board-strip" :live="live" :words="words" @show="show" />
        <lists class="se-board-lists" :plan="plan" :live="live" :words="words" :open="open" @show="show" />
      </div>
      <transition name="se-slide">
        <card v-if="open !== null" :id="open" :plan="plan" :live="live" :words="words"
          @show="show" @close="close" />
      </transition>
    </div>`,
};
