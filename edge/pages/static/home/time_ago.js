// "2 min ago"; a touch shows the exact time, another one goes back.
export default {
  props: { when: Object },
  data() {
    return { exact: false };
  },
  template: `
    <button type="button" class="se-ago" :title="when.exact" :aria-label="when.ago + ', ' + when.exact"
      @click.stop="exact = !exact">{{ exact ? when.exact : when.ago }}</button>`,
};
