/**
 * Prints the names of the keys of the ring, one a line. They are those of its files: Node.js is not started, and no key
 * is read. Where the ring is, the environment says; of an env file nothing is read.
 */

/** For bash and zsh, where `_ssec_keys` is what completes that command. */
export const POSIX_KEYS = `_ssec_ring_keys() {
  local folder=\${XDG_CONFIG_HOME:-$HOME/.config}/ssec/keys
  folder=\${SSEC_KEYRING-$folder}
  [ -n "$folder" ] || return 0
  {
    ls -- "$folder"
    ls -- "$folder/retired"
  } 2>/dev/null | sed -n 's/^\\([A-Za-z0-9][A-Za-z0-9._-]*\\)\\.key$/\\1/p' | sort -u
}
`;

export const FISH_KEYS = `function __ssec_ring_keys
    set -l folder $HOME/.config/ssec/keys
    set -q XDG_CONFIG_HOME[1]; and test -n "$XDG_CONFIG_HOME"; and set folder $XDG_CONFIG_HOME/ssec/keys
    set -q SSEC_KEYRING[1]; and set folder "$SSEC_KEYRING"
    test -n "$folder"; or return
    begin
        ls -- $folder
        ls -- $folder/retired
    end 2>/dev/null | sed -n 's/^\\([A-Za-z0-9][A-Za-z0-9._-]*\\)\\.key$/\\1/p' | sort -u
end
`;
