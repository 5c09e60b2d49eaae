/** The tag that says which key of the ring wrote an object: its name, which tells nothing of the key itself. */
export const KEY_TAG = 'ssec-key';
