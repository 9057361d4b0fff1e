# complete.bash SCRIPT WORD...: what a completion script offers for the last of these words.
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_rabta
[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
