/**
 * What every TLS connection is held to, whatever the environment says: NODE_TLS_REJECT_UNAUTHORIZED=0 would hand the
 * customer key to anyone.
 */
export const TLS_RULES = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
