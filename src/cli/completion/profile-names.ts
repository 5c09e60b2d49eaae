/**
 * Prints the names of the AWS profiles, one a line: POSIX for bash and zsh, and fish reads the same two commands. The
 * files are read when TAB is pressed, by the shell itself: Node.js is not started, and nothing is asked for.
 */
const CONFIG = String.raw`-e 's/^[[:space:]]*\[[[:space:]]*\(default\)[[:space:]]*\].*/\1/p' -e 's/^[[:space:]]*\[[[:space:]]*profile[[:space:]]\{1,\}["'\'']\{0,1\}\([^]"'\'']*[^]"'\''[:space:]]\)["'\'']\{0,1\}[[:space:]]*\].*/\1/p'`;
const CREDENTIALS = String.raw`-e 's/^[[:space:]]*\[[[:space:]]*\([^]]*[^][:space:]]\)[[:space:]]*\].*/\1/p'`;

/** For bash and zsh. */
export const POSIX_PROFILES = `_ssec_profiles() {
  {
    sed -n ${CONFIG} "\${AWS_CONFIG_FILE:-$HOME/.aws/config}"
    sed -n ${CREDENTIALS} "\${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}"
  } 2>/dev/null | sort -u
}
`;

export const FISH_PROFILES = `function __ssec_profiles
    set -l config $HOME/.aws/config
    set -q AWS_CONFIG_FILE[1]; and test -n "$AWS_CONFIG_FILE"; and set config $AWS_CONFIG_FILE
    set -l credentials $HOME/.aws/credentials
    set -q AWS_SHARED_CREDENTIALS_FILE[1]; and test -n "$AWS_SHARED_CREDENTIALS_FILE"
    and set credentials $AWS_SHARED_CREDENTIALS_FILE
    begin
        sed -n ${CONFIG} $config
        sed -n ${CREDENTIALS} $credentials
    end 2>/dev/null | sort -u
end
`;
