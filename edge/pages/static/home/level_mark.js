// Status as a shape, so that it does not depend on colour.
const ICONS = {
  ok: "check",
  warn: "warning_amber",
  bad: "error",
  idle: "radio_button_unchecked",
};

export default {
  props: { level: String },
  computed: {
    icon() {
      return ICONS[this.level];
    },
  },
  template: `<span class="se-icon se-level" :class="'is-' + level" aria-hidden="true">{{ icon }}</span>`,
};
