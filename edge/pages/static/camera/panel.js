// All shapes by name, and the settings of the one that is selected.
import { crosses } from "./geometry.js";
import { nameFault, percent, pointsOf } from "./sketch.js";

export default {
  props: { sketch: Object, selected: Object, taken: Object, zones: Array, faulty: Array, words: Object },
  emits: ["select", "edit", "remove", "swap"],
  computed: {
    rows() {
      const { lines, areas, masks, body } = this.sketch;
      return [
        ...lines.map((line, n) => this.row("lines", n, "timeline", line.name, line.entrance ? this.words.entrance : this.words.line)),
        ...areas.map((area, n) => this.row("areas", n, "pentagon", this.zoneName(area.zone), area.queue ? this.words.queue : this.words.area)),
        ...masks.map((_, n) => this.row("masks", n, "texture", `${this.words.mask} ${n + 1}`, this.words.maskNote)),
        ...(body === null ? [] : [this.row("body", 0, "height", this.words.body, percent(body))]),
      ];
    },
    line() {
      return this.selected?.kind === "lines" ? this.sketch.lines[this.selected.n] : null;
    },
    area() {
      return this.selected?.kind === "areas" ? this.sketch.areas[this.selected.n] : null;
    },
    fault() {
      const found = this.line && nameFault(this.sketch, this.selected.n, this.taken);
      if (found) return this.words[found.word].replace("{camera}", found.whose ?? "");
      const outline = this.selected && ["areas", "masks"].includes(this.selected.kind);
      return outline && crosses(pointsOf(this.sketch, this.selected)) ? this.words.crosses : "";
    },
  },
  methods: {
    row(kind, n, icon, name, note) {
      return { key: `${kind}/${n}`, kind, n, icon, name, note, faulty: this.faulty.includes(`${kind}/${n}`) };
    },
    zoneName(zone) {
      return this.zones.find(({ id }) => id === zone)?.name ?? zone;
    },
    is(row) {
      return this.selected?.kind === row.kind && this.selected?.n === row.n;
    },
  },
  template: `
    <div class="se-shapes">
      <p v-if="!rows.length" class="se-empty">{{ words.nothingDrawn }}</p>
      <ul>
        <li v-for="row in rows" :key="row.key">
          <button type="button" class="se-row" :class="{ 'is-open': is(row) }" :aria-expanded="is(row)" :data-row="row.key"
            @click="$emit('select', is(row) ? null : { kind: row.kind, n: row.n, point: null })">
            <span class="se-icon se-row-icon" aria-hidden="true">{{ row.faulty ? 'error' : row.icon }}</span>
            <span class="se-row-text"><span class="se-row-name">{{ row.name }}</span><span class="se-row-note">{{ row.note }}</span></span>
          </button>
          <div v-if="is(row)" class="se-shape">
            <template v-if="line">
              <label class="se-field"><span>{{ words.name }}</span>
                <input type="text" :value="line.name" maxlength="63" autocapitalize="off" autocomplete="off" spellcheck="false"
                  :aria-invalid="fault ? 'true' : 'false'" aria-describedby="shape-fault" @input="$emit('edit', { name: $event.target.value })" /></label>
              <label class="se-check"><input type="checkbox" :checked="line.entrance" @change="$emit('edit', { entrance: $event.target.checked })" />
                <span>{{ words.isEntrance }}</span></label>
            </template>
            <template v-if="area">
              <label class="se-field"><span>{{ words.zone }}</span>
                <select :value="area.zone" @change="$emit('edit', { zone: $event.target.value })">
                  <option v-for="zone in zones" :key="zone.id" :value="zone.id">{{ zone.name }}</option>
                </select></label>
              <label class="se-check"><input type="checkbox" :checked="area.queue" @change="$emit('edit', { queue: $event.target.checked })" />
                <span>{{ words.isQueue }}</span></label>
            </template>
            <p id="shape-fault" class="se-trouble" role="status">{{ fault }}</p>
            <div class="se-buttons">
              <button v-if="line" type="button" class="se-button" @click="$emit('swap')">
                <span class="se-icon" aria-hidden="true">swap_horiz</span>{{ words.swap }}</button>
              <button type="button" class="se-button" @click="$emit('remove')">
                <span class="se-icon" aria-hidden="true">delete_outline</span>{{ words.remove }}</button>
            </div>
          </div>
        </li>
      </ul>
    </div>`,
};
