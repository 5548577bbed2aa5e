// The set-up of a camera: what it watches is drawn on its picture, saved, and taken back.
import Versions from "store-edge-camera/history.js";
import Panel from "store-edge-camera/panel.js";
import Sheet from "store-edge-camera/sheet.js";
import { crosses } from "store-edge-camera/geometry.js";
import { changes, copy, freeName, nameFault, pointsOf, setPoints, shapesOf } from "store-edge-camera/sketch.js";
import LevelMark from "store-edge-home/level_mark.js";
import TimeAgo from "store-edge-home/time_ago.js";

const TOOLS = [
  ["select", "near_me"],
  ["line", "timeline"],
  ["zone", "pentagon"],
  ["mask", "texture"],
  ["body", "height"],
];
const MIDDLE = {
  line: [[0.25, 0.5], [0.75, 0.5]],
  zone: [[0.35, 0.35], [0.65, 0.35], [0.65, 0.65], [0.35, 0.65]],
  mask: [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]],
};
const MOST_UNDONE = 100;
const USUAL_RATIO = 16 / 9;
const STALE_MS = 5000;
const LEAST_CLEAR = 0.1;

export default {
  components: { LevelMark, Panel, Sheet, TimeAgo, Versions },
  props: {
    value: Object, words: Object, zones: Array, taken: Object, history: Array, asked: Array, sharp: Boolean,
  },
  data() {
    return {
      camera: this.value, layout: copy(this.value.layout), sketch: copy(this.value.layout), versions: this.history, audit: this.asked,
      tool: "select", selected: null, past: [], drafted: 0,
      picture: null, ratio: USUAL_RATIO, pictured: null, taking: false, trouble: "", unblurred: false,
      live: false, overlay: null, heat: null, heatOn: false,
      saving: false, faults: [], newer: false,
    };
  },
  mounted() {
    window.addEventListener("beforeunload", this.warn);
    document.addEventListener("keydown", this.shortcut);
  },
  unmounted() {
    window.removeEventListener("beforeunload", this.warn);
    document.removeEventListener("keydown", this.shortcut);
    clearTimeout(this.stale);
  },
  computed: {
    tools() {
      return TOOLS.map(([name, icon]) => ({ name, icon, word: this.words[`${name}Tool`], off: name === "zone" && !this.zones.length }));
    },
    different() {
      return changes(this.layout, this.sketch);
    },
    hint() {
      if (this.tool === "select") return this.selected ? this.words.selectedHint : this.words.selectHint;
      return this.words[`${this.tool}Hint`];
    },
    faulty() {
      const named = this.sketch.lines.map((_, n) => n).filter((n) => nameFault(this.sketch, n, this.taken));
      const outlines = shapesOf(this.sketch).filter(({ kind }) => kind !== "lines");
      const crossed = outlines.filter((shape) => crosses(pointsOf(this.sketch, shape))).map(({ kind, n }) => `${kind}/${n}`);
      const told = this.faults.map(([path]) => path.match(/^(lines|areas|masks)\[(\d+)\]/)).filter(Boolean).map(([, kind, n]) => `${kind}/${n}`);
      return [...named.map((n) => `lines/${n}`), ...crossed, ...told];
    },
    wrong() {
      return this.faulty.length > 0 && !this.faults.length;
    },
    seen() {
      return this.overlay === null ? this.words.waiting : this.words.peopleSeen.replace("{count}", this.overlay.people.length);
    },
    scale() {
      const most = this.heat?.most ?? 0;
      return [0, most / 4, most].map((seconds) => `${Number(seconds.toPrecision(2))} s`);
    },
  },
  methods: {
    // Called by the server.
    stand(value) {
      this.camera = value;
      const mine = JSON.stringify(this.layout) === JSON.stringify(value.layout);
      if (mine || this.saving) return;
      if (this.different.length) this.newer = true;
      else this.take(value.layout);
    },
    settle(version, versions) {
      this.versions = versions;
      this.saving = false;
      this.faults = [];
      this.take(versions.find((one) => one.version === version).layout);
    },
    refuse(faults) {
      this.saving = false;
      this.faults = faults;
    },
    tell(rows) {
      this.audit = rows;
    },
    see(overlay) {
      if (!this.live) return;
      this.overlay = overlay;
      clearTimeout(this.stale);
      this.stale = setTimeout(() => (this.overlay = null), STALE_MS);
    },
    // Drawing.
    take(layout) {
      this.layout = copy(layout);
      this.sketch = copy(layout);
      this.selected = null;
      this.past = [];
      this.newer = false;
    },
    begin() {
      this.past = [...this.past.slice(1 - MOST_UNDONE), copy(this.sketch)];
      this.faults = [];
    },
    edit(change) {
      this.begin();
      Object.assign(this.sketch[this.selected.kind][this.selected.n], change);
    },
    choose(tool, event) {
      this.tool = tool;
      if (event.detail === 0 && tool in MIDDLE) this.drawn({ tool, points: MIDDLE[tool] });
      else if (tool !== "select") this.selected = null;
    },
    drawn({ tool, points, body }) {
      this.begin();
      const kind = { line: "lines", zone: "areas", mask: "masks", body: "body" }[tool];
      if (tool === "line") this.sketch.lines.push(this.newLine(points));
      if (tool === "zone") this.sketch.areas.push({ zone: this.nextZone(), polygon: points, queue: false });
      if (tool === "mask") this.sketch.masks.push(points);
      if (tool === "body") this.sketch.body = body;
      this.tool = "select";
      this.selected = { kind, n: tool === "body" ? 0 : this.sketch[kind].length - 1, point: null };
    },
    newLine([start, end]) {
      const entrance = !this.sketch.lines.some((line) => line.entrance);
      return { name: freeName(this.sketch, this.taken), start, end, entrance };
    },
    nextZone() {
      const drawn = this.sketch.areas.map((area) => area.zone);
      return (this.zones.find(({ id }) => !drawn.includes(id)) ?? this.zones[0]).id;
    },
    swap() {
      this.begin();
      setPoints(this.sketch, this.selected, pointsOf(this.sketch, this.selected).reverse());
    },
    // A point of an outline goes alone while three are left; without a point the shape goes.
    remove() {
      if (!this.selected) return;
      this.begin();
      const { kind, n, point } = this.selected;
      const points = pointsOf(this.sketch, this.selected);
      if (kind !== "lines" && point !== null && point !== undefined && points.length > 3) {
        setPoints(this.sketch, this.selected, points.filter((_, m) => m !== point));
        this.selected = { kind, n, point: null };
        return;
      }
      if (kind === "body") this.sketch.body = null;
      else this.sketch[kind].splice(n, 1);
      this.selected = null;
    },
    undo() {
      if (!this.past.length) return;
      this.sketch = this.past[this.past.length - 1];
      this.past = this.past.slice(0, -1);
      this.selected = null;
    },
    cancel() {
      this.tool = "select";
      this.selected = null;
    },
    discard() {
      this.begin();
      this.sketch = copy(this.layout);
      this.selected = null;
    },
    load() {
      this.take(this.camera.layout);
    },
    shortcut(event) {
      const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
      if (!typing && event.key === "z" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        this.undo();
      }
    },
    save() {
      this.saving = true;
      this.faults = [];
      this.$emit("save", copy(this.sketch));
    },
    rollBack(version) {
      this.saving = true;
      this.faults = [];
      this.$emit("rollback", version);
    },
    say([word, kind, name]) {
      const shown = kind === "area" ? this.zones.find(({ id }) => id === name)?.name ?? name : name;
      return `${this.words[word]}: ${this.words[kind]}${shown ? ` ${shown}` : ""}`;
    },
    warn(event) {
      if (this.different.length) event.preventDefault();
    },
    // Pictures: nothing of them is kept, here neither.
    async shoot() {
      this.taking = true;
      this.trouble = "";
      try {
        await this.fetchPicture();
      } catch {
        this.trouble = this.words.noConnection;
      }
      this.taking = false;
    },
    async fetchPicture() {
      const answer = await fetch(`/cameras/${this.camera.camera}/picture?blur=${this.unblurred ? "no" : "yes"}`, { method: "POST" });
      if (!answer.ok) {
        this.trouble = await this.reason(answer);
        return;
      }
      const picture = await createImageBitmap(await answer.blob());
      this.ratio = picture.width / picture.height;
      this.picture = picture;
      const time = new Date(Number(answer.headers.get("Snapshot-Time")));
      const blurred = answer.headers.get("Snapshot-Blurred") === "true";
      const learning = Number(answer.headers.get("Snapshot-Clear")) < LEAST_CLEAR;
      const said = learning ? this.words.pictureLearning : blurred ? this.words.pictureBlurred : this.words.pictureSharp;
      this.pictured = said.replace("{time}", time.toLocaleTimeString(document.documentElement.lang));
      this.$emit("pictured");
    },
    async reason(answer) {
      const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
      if (answer.status === 429) return this.words.tooSoon.replace("{seconds}", Math.ceil(told.wait_s));
      if (answer.status === 504) return this.words.noAnswer;
      return told.detail ?? this.words.noConnection;
    },
    toggleLive() {
      this.live = !this.live;
      this.overlay = null;
      this.$emit("live", this.live);
    },
    async toggleHeat() {
      this.heatOn = !this.heatOn;
      this.heat = null;
      if (!this.heatOn) return;
      const answer = await fetch(`/cameras/${this.camera.camera}/heat.png`).catch(() => null);
      if (!answer?.ok) {
        this.heatOn = false;
        this.trouble = answer?.status === 404 ? this.words.noHeat : this.words.noConnection;
        return;
      }
      this.heat = { image: await createImageBitmap(await answer.blob()), most: Number(answer.headers.get("Heat-Most")) };
    },
  },
  template: `
    <div class="se-setup">
      <div class="se-setup-head">
        <a class="se-tool" href="/cameras" :aria-label="words.allCameras" :title="words.allCameras"><span class="se-icon" aria-hidden="true">arrow_back</span></a>
        <h2>{{ camera.camera }}</h2>
        <span class="se-standing" :class="'is-' + camera.level"><level-mark :level="camera.level" />{{ camera.word }}</span>
        <span class="se-standing" :class="camera.settled ? 'is-ok' : 'is-warn'" data-settings>
          <level-mark :level="camera.settled ? 'ok' : 'warn'" />{{ camera.settings }}</span>
      </div>
      <p v-if="camera.problem" class="se-trouble">{{ camera.problem }}</p>
      <div class="se-setup-board">
        <section class="se-panel se-studio" :aria-label="words.drawing">
          <div class="se-toolbar" role="toolbar" :aria-label="words.tools">
            <button v-for="one in tools" :key="one.name" type="button" class="se-tool se-draw" :aria-pressed="tool === one.name" :disabled="one.off"
              :title="one.off ? words.noZones : one.word" :data-tool="one.name" @click="choose(one.name, $event)">
              <span class="se-icon" aria-hidden="true">{{ one.icon }}</span><span class="se-draw-word">{{ one.word }}</span></button>
            <button type="button" class="se-tool se-draw" :disabled="!past.length" :title="words.undo" data-tool="undo" @click="undo">
              <span class="se-icon" aria-hidden="true">undo</span><span class="se-draw-word">{{ words.undo }}</span></button>
          </div>
          <sheet ref="sheet" :sketch="sketch" :selected="selected" :tool="tool" :ratio="ratio" :picture="picture" :heat="heat" :overlay="overlay"
            :faulty="faulty" :words="words" :zones="zones" @begin="begin" @change="sketch = $event" @select="selected = $event" @drawn="drawn"
            @remove="remove" @cancel="cancel" @draft="drafted = $event">
            <div v-if="live" class="se-sight-note" role="status"><span class="se-live-dot" aria-hidden="true"></span>{{ words.live }} · {{ seen }}</div>
            <div v-if="!picture && !live && tool === 'select'" class="se-sight-ask"><span>{{ words.noPicture }}</span></div>
          </sheet>
          <div class="se-hint-row">
            <p class="se-hint-text" role="status">{{ hint }}</p>
            <template v-if="tool !== 'select'">
              <button v-if="drafted > 2" type="button" class="se-button is-primary" @click="$refs.sheet.done()">{{ words.done }}</button>
              <button type="button" class="se-button" @click="cancel">{{ words.cancel }}</button>
            </template>
          </div>
          <div v-if="heat" class="se-scale" role="img" :aria-label="words.heatScale + ': ' + scale.join(', ')">
            <span>{{ words.heatScale }}</span><span class="se-scale-bar"></span><span class="se-scale-ends"><span v-for="end in scale" :key="end">{{ end }}</span></span>
          </div>
          <div class="se-buttons se-sight-buttons">
            <button type="button" class="se-button" :class="{ 'is-primary': !picture && !different.length }" :disabled="taking" data-act="picture" @click="shoot">
              <span class="se-icon" aria-hidden="true">photo_camera</span>{{ picture ? words.newPicture : words.takePicture }}</button>
            <button type="button" class="se-button" :aria-pressed="live" data-act="live" @click="toggleLive">
              <span class="se-icon" aria-hidden="true">{{ live ? 'stop_circle' : 'play_circle_outline' }}</span>{{ live ? words.stopLive : words.startLive }}</button>
            <button type="button" class="se-button" :aria-pressed="heatOn" data-act="heat" @click="toggleHeat">
              <span class="se-icon" aria-hidden="true">whatshot</span>{{ heatOn ? words.hideHeat : words.showHeat }}</button>
            <label v-if="sharp" class="se-check"><input v-model="unblurred" type="checkbox" /><span>{{ words.unblurred }}</span></label>
          </div>
          <p v-if="pictured" class="se-note">{{ pictured }}</p>
          <p v-if="trouble" class="se-trouble se-sight-trouble" role="alert">{{ trouble }}</p>
        </section>
        <div class="se-setup-side">
          <section class="se-panel se-watched" :aria-label="words.watched">
            <header class="se-list-head"><h2>{{ words.watched }}</h2></header>
            <panel :sketch="sketch" :selected="selected" :taken="taken" :zones="zones" :faulty="faulty" :words="words"
              @select="selected = $event; tool = 'select'" @edit="edit" @remove="remove" @swap="swap" />
            <div class="se-save">
              <p v-if="newer" class="se-newer" role="alert">{{ words.newerVersion }}
                <button type="button" class="se-button" @click="load">{{ words.loadNewer }}</button></p>
              <ul v-if="different.length" class="se-changes"><li v-for="(change, n) in different" :key="n">{{ say(change) }}</li></ul>
              <ul v-if="faults.length" class="se-trouble" role="alert"><li v-for="([path, said], n) in faults" :key="n">{{ path }} {{ said }}</li></ul>
              <div class="se-buttons">
                <button type="button" class="se-button is-primary" :disabled="!different.length || saving || wrong" data-act="save" @click="save">{{ words.save }}</button>
                <button v-if="different.length" type="button" class="se-button" @click="discard">{{ words.discard }}</button>
              </div>
            </div>
          </section>
          <section class="se-panel se-figures-list" :aria-label="words.figures">
            <header class="se-list-head"><h2>{{ words.figures }}</h2></header>
            <p v-if="!camera.figures.length" class="se-empty">{{ words.noFigures }}</p>
            <dl v-else class="se-facts"><template v-for="[name, figure] in camera.figures" :key="name"><dt>{{ name }}</dt><dd>{{ figure }}</dd></template></dl>
          </section>
          <versions :versions="versions" :layout="layout" :words="words" :say="say" @rollback="rollBack" />
          <section class="se-panel se-versions" :aria-label="words.audit">
            <header class="se-list-head"><h2>{{ words.audit }}</h2></header>
            <p v-if="!audit.length" class="se-empty">{{ words.noAudit }}</p>
            <ol v-else><li v-for="row in audit" :key="row.id" class="se-version"><div class="se-version-head">
              <span class="se-row-text"><span class="se-row-name">{{ row.by }}</span>
                <span class="se-row-note">{{ row.blurred ? words.blurred : words.sharp }}</span></span><time-ago :when="row.when" /></div></li></ol>
          </section>
        </div>
      </div>
    </div>`,
};
