// A shelf on the plan: how full as a bar, how it stands as colour, pattern and number.
import { textWidth } from "./geometry.js";

export default {
  props: { shelf: Object, value: Object, chosen: Boolean, sample: Boolean },
  emits: ["show"],
  computed: {
    stock() {
      return this.value?.stock ?? "unwatched";
    },
    lying() {
      return this.shelf.width >= this.shelf.height;
    },
    bar() {
      const { x, y, width, height } = this.shelf;
      const share = this.value?.share ?? 0;
      if (this.lying) return { x, y, width: width * share, height };
      return { x, y: y + height * (1 - share), width, height: height * share };
    },
    middle() {
      const { x, y, width, height } = this.shelf;
      return { x: x + width / 2, y: y + height / 2 };
    },
    turn() {
      return this.lying ? "" : `rotate(-90 ${this.middle.x} ${this.middle.y})`;
    },
    // Name and number where both fit, the number alone where it fits, else only bar and pattern.
    texts() {
      const { width, height, name, full } = this.shelf;
      const [along, across] = [Math.max(width, height), Math.min(width, height)];
      if (this.sample || !this.value || across < 12) return [];
      const number = `${this.value.units}/${full}`;
      const start = this.middle.x - along / 2 + 7;
      const end = this.middle.x + along / 2 - 7;
      if (textWidth(name, 11) + textWidth(number, 11, 500) + 8 <= end - start) {
        return [
          { text: name, x: start, anchor: "start", weight: 400 },
          { text: number, x: end, anchor: "end", weight: 500 },
        ];
      }
      const short = [number, this.value.units].find((text) => textWidth(text, 11, 500) <= along - 8);
      return short ? [{ text: short, x: this.middle.x, anchor: "middle", weight: 500 }] : [];
    },
    said() {
      return this.value ? `${this.shelf.name}: ${this.value.word}, ${this.value.of_full}` : this.shelf.name;
    },
  },
  template: `
    <g class="se-shelf" :class="['is-' + stock, { 'is-open': chosen }]" :tabindex="sample ? null : 0"
      :role="sample ? null : 'button'" :aria-label="sample ? null : said" :data-key="shelf.key"
      @keydown.enter.prevent="$emit('show')" @keydown.space.prevent="$emit('show')">
      <title v-if="!sample">{{ said }}</title>
      <rect class="se-shelf-ground" :x="shelf.x" :y="shelf.y" :width="shelf.width" :height="shelf.height" rx="2.5" />
      <rect class="se-shelf-bar" :x="bar.x" :y="bar.y" :width="bar.width" :height="bar.height" rx="2.5" />
      <rect class="se-shelf-edge" :x="shelf.x" :y="shelf.y" :width="shelf.width" :height="shelf.height" rx="2.5" />
      <text v-for="one in texts" :key="one.anchor" :x="one.x" :y="middle.y" :transform="turn" :text-anchor="one.anchor"
        :font-weight="one.weight" dominant-baseline="central">{{ one.text }}</text>
    </g>`,
};
