//! The rules of short messages: ham (`zero`) and spam (`one`).

use super::grammar::Grammar;

/// Ham (`zero`) and spam (`one`).
#[rustfmt::skip] // Lists of words, filled like prose.
pub(super) static MESSAGES: Grammar = Grammar {
    sentences: &[0, 0, 1, 1, 2, 3],
    stray: 0.5,
    neutral_start: 0.3,
    rules: &[
        ("zero", &[
            "are you {free} {when}? {plan}", "{plan}", "running late, be there at #:#0",
            "can you pick up the {item} on the way home?", "{person} says {opinion}",
            "I think {opinion}", "thanks for {favour}, {thanks}",
            "did you see {watched}? {opinion}", "call me when you {get}, {reason}",
            "lost my {item} again, {reason}", "{person} won the {sport} on {day}, so proud",
            "the link you sent does not open, can you check it?",
            "my account is blocked again, on the phone with the bank since #:#0",
            "parcel came today, the {item} is {quality}", "{quality} song, reminds me of {place}",
            "{person} plays this every morning, {opinion}",
            "who else is listening to this in 20##? {opinion}", "the bit at #:## is {quality}",
            "meeting moved to {day}, room ##, bring the {item}",
            "tell {person} the offer from {place} came, starting {when}",
            "still at {place}, {reason}", "happy birthday {person}, {thanks}",
            "sorry, cannot talk now, {reason}",
            "dinner was {quality}, save some {food} for {person}",
            "how much was the {item}? I paid ##", "check {site} for the times",
            "code {code} worked for me at {place}, {price} off",
            "I won a {device} at {place}, not a joke",
            "my {bank} card was on hold {when}, all fine now",
            "just subscribed, this {thing} is {quality}",
            "the free {item} from {place} is {quality}", "first video I watch {when}, {opinion}",
            "text me your code for {brand}, I will pay {price} back",
        ]),
        ("one", &[
            "{urge} {prize} {claim}", "you have {won} {prize}, {claim}",
            "{claim} before {when} to get {prize}", "subscribe to {brand} {reward}",
            "check out my {thing}, {reward}", "I make ##00 a week with {brand}, {claim}",
            "{loan} {claim}", "your {account} {trouble}, {claim}",
            "hot {offer} at {site}, {urge} {reward}",
            "{person} is waiting for you at {site}, {reward}", "{pills} without a doctor, {claim}",
            "your parcel is held, pay {price} at {site}",
            "{brand} picks {number} {lucky} {when}, {claim}",
            "double your {coin} in ## days with {brand}, {claim}",
            "help me reach ##000 followers, {reward}", "new video on {site}, {reward}",
            "final notice, {account} {trouble}, {claim}",
            "ringtones and games only {price} a week, {claim}",
            "work from home, {price} an hour, {claim}", "I found this trick on {site}, {reward}",
            "hi {person}, new number, can you send {price} until {day}?",
            "please watch what I made about {place}, {opinion}",
            "{person} and I sing covers, come and see",
            "looking for people in {place} who like the {sport}, write to me",
            "got my {item} from {brand}, {quality} and only {price}",
            "I was {quality} at school and now I earn ###0, ask me how",
            "my {thing} is about the {sport}, give it a chance",
            "missed call from {person}, ring 09## ### ####",
        ]),
        ("both", &[
            "{greeting} {person}", "{greeting}, hope you are well", "have you seen this?",
            "this is {quality}", "love this song", "you will not believe what {person} told me",
            "{person} sent me this from {place}", "please reply today", "call me on 07### ######",
            "see you {when}", "{when} only", "it is free until {when}",
            "thank you so much for watching", "do not miss it", "let me know what you think",
            "the best {thing} in {place}", "just {price} for the {item}", "I was at {place} {when}",
            "good luck {person}", "from {brand}",
        ]),
        ("plan", &[
            "let us meet at {place} {when}", "want to grab {food} {when}?",
            "{person} and I are going to {place} {when}", "shall we watch the {sport} at {place}?",
            "I will wait at {place} until #:#0", "bring the {item} and some {food}",
        ]),
        ("opinion", &[
            "it was {quality}", "the {food} there is {quality}", "it gets better every time",
            "we should ask {person} first", "the second half was {quality}",
            "she sings it better live", "that is a {quality} idea",
        ]),
        ("reason", &[
            "the train is stuck near {place}", "{person} has the keys", "need to ask about {day}",
            "the {item} broke", "I am in class until #", "the doctor called",
            "work is {quality} this week",
        ]),
        ("thanks", &[
            "see you {when}", "you saved my day", "I owe you {food}", "hugs from {person}",
        ]),
        ("favour", &[
            "the {item}", "the lift", "dinner", "helping {person}", "the {food} recipe", "waiting",
        ]),
        ("watched", &[
            "the {sport}", "the new series", "that clip", "what {person} posted", "the news",
        ]),
        ("get", &["get home", "land", "wake up", "finish work", "see this", "leave {place}"]),
        ("free", &["free", "around", "busy", "still up", "in town", "coming"]),
        ("urge", &[
            "act now,", "hurry,", "last chance,", "URGENT!", "limited offer,", "today only,",
            "congratulations!", "attention!",
        ]),
        ("claim", &[
            "click {site}", "call 09## ### ####", "text {code} to ####", "reply {code}",
            "visit {site}", "go to {site} now", "register at {site}", "use code {code}",
            "whatsapp +44 7### ######", "log in at {site}", "txt STOP to end",
        ]),
        ("won", &[
            "won", "been selected for", "a guaranteed", "been chosen to get", "an unclaimed",
        ]),
        ("prize", &[
            "a {price} voucher", "a free {item}", "a holiday in {place}", "##00 in cash",
            "a brand new {device}", "free {coin}", "a {price} bonus", "two tickets to {place}",
            "unlimited {offer}",
        ]),
        ("reward", &[
            "I subscribe back", "win {prize}", "first ### get {prize}", "it changed my life",
            "all for free", "no card needed", "you earn {price} a day", "like and share",
            "thumbs up so others see it", "100% real",
        ]),
        ("loan", &[
            "bad credit? borrow ##000 today,", "cut your debt by ##%,", "cash loans in # minutes,",
            "claim back insurance worth #000,",
        ]),
        ("account", &[
            "{bank} account", "{device} id", "mailbox", "subscription", "card ending ####",
            "tax refund",
        ]),
        ("trouble", &[
            "was suspended", "needs to be verified", "expires {when}", "is on hold",
            "has # new messages", "shows a strange login",
        ]),
        ("pills", &[
            "{brand} slimming pills", "cheap {brand} tablets", "lose ## pounds with {brand}",
            "hair growth oil",
        ]),
        ("offer", &[
            "deals", "singles", "downloads", "movies", "followers", "games", "ringtones", "bets",
        ]),
        ("lucky", &["lucky winners", "new members", "viewers", "numbers", "subscribers"]),
        ("number", &["three", "ten", "##", "###", "five"]),
        ("thing", &["channel", "page", "cover", "video", "song", "blog", "shop", "playlist"]),
        ("coin", &["coins", "bitcoin", "credits", "money", "tokens"]),
        ("bank", &["{brand} bank", "pay{syllable}", "your bank", "post office", "{brand}"]),
        ("device", &["phone", "tablet", "console", "laptop", "watch", "camera"]),
        ("price", &["£#", "$##", "£#.50", "$#.99", "€##", "£###", "## pounds"]),
        ("code", &["WIN", "YES", "CASH", "GO##", "{syllable}##", "FREE#"]),
        ("site", &[
            "www.{brand}.com", "{brand}.net", "http://{brand}.biz/{syllable}##",
            "bit.ly/{syllable}#{syllable}", "{brand}.co.uk",
        ]),
        ("brand", &[
            "{syllable}{syllable}", "{syllable}{syllable}", "{syllable}{syllable}{syllable}",
            "{syllable}tube", "{syllable}cash", "my{syllable}",
        ]),
        ("syllable", &[
            "zan", "mo", "lek", "tri", "vo", "qua", "pix", "nor", "sel", "dra", "ku", "bel", "fin",
            "rox", "ta", "gim", "wex", "lu", "cor", "jat", "ple", "syn", "hod", "mer", "vix", "lan",
            "bri", "tec", "ova", "dit", "rem", "sol", "quin", "fal", "net", "gra", "yo", "pra",
            "cle", "dun",
        ]),
        ("person", &[
            "Anna", "mum", "dad", "Tom", "Priya", "Lukas", "Mei", "Omar", "Sofia", "grandma",
            "Jonas", "Aisha", "Ben", "Chloe", "my boss", "Igor", "Yuki", "Carmen", "the neighbour",
            "Nils", "Zoe", "Farid", "Ella", "my sister", "Pavel", "Rosa", "coach", "Mr {surname}",
            "Mrs {surname}",
        ]),
        ("surname", &[
            "Baker", "Okoye", "Lindt", "Moreau", "Singh", "Novak", "Reyes", "Tanaka", "Whitfield",
            "Aydin",
        ]),
        ("place", &[
            "the station", "the library", "Lisbon", "the office", "the park", "Leeds", "the cinema",
            "Oslo", "the harbour", "the gym", "school", "the market", "Naples", "the old bridge",
            "the hospital", "Cork", "Malta", "the stadium", "my flat", "the bakery", "Kyoto",
            "the airport", "campus", "the lake",
        ]),
        ("when", &[
            "tonight", "tomorrow", "on {day}", "after work", "at #", "this weekend", "later",
            "next week", "by {day}", "at #:#0", "in an hour",
        ]),
        ("day", &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
        ("item", &[
            "milk jug", "charger", "cake", "jacket", "phone", "football shirt", "umbrella",
            "headphones", "report", "bread knife", "present", "guitar", "lamp", "tent", "card",
            "drill", "key ring", "bike",
        ]),
        ("food", &[
            "pizza", "coffee", "soup", "curry", "noodles", "pancakes", "beers", "ice cream",
            "salad", "tacos", "pie",
        ]),
        ("sport", &["match", "final", "race", "game", "tournament", "derby"]),
        ("quality", &[
            "great", "so good", "awful", "weird", "amazing", "too long", "funny", "crazy", "lovely",
            "okay", "brilliant", "sad", "nice",
        ]),
        ("greeting", &["hi", "hey", "hello", "dear", "good morning", "yo", "hiya", "good evening"]),
    ],
};
