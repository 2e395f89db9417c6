/**
 * Written XML without what XML cannot have, escaped or not: control characters and the like, which a name may well
 * hold.
 */
export const wellFormedXml = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
