/** The release. A test compares it with package.json, which code in `dist/` and in the source tree finds in different places. */
export const VERSION = '0.1.0'
