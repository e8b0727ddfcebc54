#!/usr/bin/env bash
# Fetches the published datasets from their official sources into a data folder.
#
#   scripts/fetch-data.sh [--data DIR] [--mirror URL] NAME...
#   NAME: mnist emnist notmnist omniglot cifar10 cifar100 tiny_imagenet32 celeba sms youtube imdb all
#
# The folder is --data, else RHEA_DATA, else data. A file that is there already is kept if its
# published MD5 sum agrees, or if none is published; one that was cut off is continued, if its sum can
# tell whether the parts belong together. --mirror takes every file from below a URL, where it lies
# as in the folder. Then check all of it: harness data verify
set -euo pipefail

data=${RHEA_DATA:-data}
mirror=
names=()
while (($#)); do
    case $1 in
        --data) data=${2:?--data needs a folder}; shift ;;
        --mirror) mirror=${2:?--mirror needs a URL}; shift ;;
        -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
        -*) echo "unknown option $1" >&2; exit 2 ;;
        *) names+=("$1") ;;
    esac
    shift
done
((${#names[@]})) || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }

md5_of() { if command -v md5sum >/dev/null; then md5sum; else md5 -q; fi | cut -d' ' -f1; }

# check FILE SUM: whether FILE has the MD5 sum SUM (`-`: no published checksum).
check() {
    [[ $2 == - ]] && return 0
    [[ $(md5_of <"$1") == "$2" ]]
}

# fetch URL FILE SUM
fetch() {
    local url=${mirror:+$mirror/$2} file=$data/$2 sum=$3
    url=${url:-$1}
    if [[ -f $file ]] && check "$file" "$sum"; then
        echo "have     $file"
        return
    fi
    mkdir -p "$(dirname "$file")" || return
    local get=(curl --fail --location --retry 3 --progress-bar --output "$file.part")
    if [[ -s $file.part && $sum != - ]]; then
        echo "going on $url"
        check "$file.part" "$sum" || "${get[@]}" --continue-at - "$url" || rm -f "$file.part"
        check "$file.part" "$sum" 2>/dev/null || rm -f "$file.part"
    fi
    if [[ ! -f $file.part || $sum == - ]]; then
        echo "fetching $url"
        "${get[@]}" "$url" || return
    fi
    if ! check "$file.part" "$sum"; then
        echo "error: $url has another MD5 sum than the published $sum; it is left in $file.wrong" >&2
        mv "$file.part" "$file.wrong"
        return 1
    fi
    mv "$file.part" "$file"
    if [[ $sum == - ]]; then echo "         no published checksum"; fi
}

# fetch_all URL FOLDER: the files and sums on standard input, until one fails.
fetch_all() {
    local file sum
    while read -r file sum; do
        fetch "$1/$file" "$2/$file" "$sum" || return
    done
}

mnist() {
    fetch_all https://ossci-datasets.s3.amazonaws.com/mnist mnist <<'END'
train-images-idx3-ubyte.gz f68b3c2dcbeaaa9fbdd348bbdeb94873
train-labels-idx1-ubyte.gz d53e105ee54ea40749a09fcbcd1e9432
t10k-images-idx3-ubyte.gz 9fb629c4189551a2d022fa330f9573f3
t10k-labels-idx1-ubyte.gz ec29112dd5afa0611ce80d1b7f02629c
END
}

emnist() {
    fetch https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip emnist/gzip.zip \
        58c8d27c78d21e728a6bc7b3cc06412e &&
        unzip -q -o "$data/emnist/gzip.zip" -d "$data/emnist"
}

notmnist() {
    fetch_all https://github.com/davidflanagan/notMNIST-to-MNIST/raw/master notmnist <<'END'
train-images-idx3-ubyte.gz -
train-labels-idx1-ubyte.gz -
t10k-images-idx3-ubyte.gz -
t10k-labels-idx1-ubyte.gz -
END
}

omniglot() {
    fetch_all https://github.com/brendenlake/omniglot/raw/master/python omniglot <<'END'
images_background.zip 68d2efa1b9178cc56df9314c21c6e718
images_evaluation.zip 6b91aef0f799c5bb55b94e3f2daec811
END
}

cifar10() {
    fetch https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz cifar-10-binary.tar.gz \
        c32a1d4ab5d03f1284b67883e8d87530 &&
        tar -xzf "$data/cifar-10-binary.tar.gz" -C "$data"
}

cifar100() {
    fetch https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz cifar-100-binary.tar.gz \
        03b5dce01913d631647c71ecec9e9cb8 &&
        tar -xzf "$data/cifar-100-binary.tar.gz" -C "$data"
}

tiny_imagenet32() {
    fetch http://cs231n.stanford.edu/tiny-imagenet-200.zip tinyimagenet32/tiny-imagenet-200.zip \
        90528d7ca1a48142e341f4ef8d21d0de
}

celeba() {
    local file sum there=1
    while read -r file sum; do
        if [[ -f $data/celeba/$file ]] && check "$data/celeba/$file" "$sum"; then
            echo "have     $data/celeba/$file"
        else
            there=0
        fi
    done <<'END'
img_align_celeba.zip 00d2c5bc6d35e252742224ab0c1e8fcb
identity_CelebA.txt 32bd1bd63d3c78cd57e08160ec5ed1e2
list_attr_celeba.txt 75e246fa4810816ffd6ee81facbd244c
END
    ((there)) && return
    cat >&2 <<END
celeba: its terms must be agreed to by hand. From https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html
put img_align_celeba.zip, identity_CelebA.txt and list_attr_celeba.txt into $data/celeba/
END
    return 1
}

sms() {
    fetch 'https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip' text/sms.zip - &&
        unzip -q -o "$data/text/sms.zip" SMSSpamCollection -d "$data/text"
}

youtube() {
    fetch 'https://archive.ics.uci.edu/static/public/380/youtube+spam+collection.zip' text/youtube.zip - &&
        unzip -q -o "$data/text/youtube.zip" 'Youtube*.csv' -d "$data/text/youtube"
}

imdb() {
    fetch https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz text/aclImdb_v1.tar.gz \
        7c2ac02c03563afcf9b574c7e56c153a
}

known=(mnist emnist notmnist omniglot cifar10 cifar100 tiny_imagenet32 celeba sms youtube imdb)
failed=0
for name in "${names[@]}"; do
    if [[ $name == all ]]; then
        wanted=("${known[@]}")
    elif [[ " ${known[*]} " == *" $name "* ]]; then
        wanted=("$name")
    else
        echo "error: no dataset $name; there are ${known[*]} and all" >&2
        exit 2
    fi
    for one in "${wanted[@]}"; do
        # One that fails does not stop the rest; so its steps are joined by && and || return.
        "$one" || { echo "error: $one is not complete" >&2; failed=1; }
    done
done
exit $failed
