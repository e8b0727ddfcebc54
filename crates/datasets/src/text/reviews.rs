//! The rules of film reviews: negative (`zero`) and positive (`one`).

use super::grammar::Grammar;

/// Negative and positive reviews. Both use the words of praise and of blame: a negation, a contrast
/// or an expectation turns them round.
#[rustfmt::skip] // Lists of words, filled like prose.
pub(super) static REVIEWS: Grammar = Grammar {
    sentences: &[1, 2, 3, 4, 4, 5, 6],
    stray: 0.15,
    neutral_start: 0.35,
    rules: &[
        ("zero", &[
            "the {part} is {bad}", "the {part} was {degree} {bad}", "{bad}, {bad}, {bad}",
            "the {part} is {bad} and the {part} {bad}", "what a {bad} {film}",
            "I {hated} the {part} and the {part}", "my {friend} and I {hated} it",
            "{blame} from beginning to end", "sadly, the {part} is {degree} {bad}",
            "a {blame} of a {film}, {bad} and {bad}", "I {left}, it is {bad}",
            "so {bad} that {bad} is too kind a word",
            "{although} the {part} is {good}, the {part} is {bad}",
            "the {part} is not {good} at all",
            "I expected something {good} and got something {bad}", "{name} {fails}",
            "hardly a {good} moment in ### minutes", "even {name} cannot save the {part}",
            "I {left}", "it could have been {good}, but the {part} {spoils} it", "{avoid}",
            "nothing {good} about the {part}", "my {friend} called it {good}; I call it {bad}",
            "a {bad} {film} with a {bad} {part}", "# out of 10, and that is for the {part}",
            "the trailer was {good}, the {film} is not",
        ]),
        ("one", &[
            "the {part} is {good}", "the {part} was {degree} {good}", "{good}, {good}, {good}",
            "the {part} is {good} and the {part} {good}", "what a {good} {film}",
            "I {loved} the {part} and the {part}", "my {friend} and I {loved} it",
            "{praise} from beginning to end", "luckily, the {part} is {degree} {good}",
            "a {praise} of a {film}, {good} and {good}", "I {stayed}, it is {good}",
            "so {good} that {good} is too small a word",
            "{although} the {part} is {bad}, the {part} is {good}", "the {part} is never {bad}",
            "I expected something {bad} and got something {good}", "{name} {shines}",
            "not a {bad} moment in ### minutes", "even the {part} could not spoil {name} for me",
            "I {stayed}", "it could have been {bad}, but the {part} {saves} it", "{recommend}",
            "nothing {bad} about the {part}", "my {friend} called it {bad}; I call it {good}",
            "a {good} {film} with a {good} {part}",
            "# out of 10, and I would give more for the {part}",
            "the trailer was {bad}, the {film} is not",
        ]),
        ("both", &[
            "{name} plays a {job} from {town} who meets a {job}",
            "the story begins in {town} in 19##", "I saw this {film} with my {friend} on {day}",
            "it is the # {film} by {name}",
            "the plot: a {job} loses {object} and must go to {town}",
            "there is a scene with {object} near the end", "it runs for ### minutes",
            "{name} wrote the script, {name} the music", "some will like the {part}, some will not",
            "compared with the book, {object} is missing", "it was shot in {town} in ## days",
            "people talk about the {part} a lot",
            "a {job} and a {job} travel from {town} to {town}", "I had read about {object} before",
        ]),
        ("part", &[
            "acting", "plot", "music", "camera work", "ending", "dialogue", "pace", "first half",
            "last act", "script", "costume design", "editing", "lead", "villain", "humour", "sound",
            "love story", "direction", "set design", "cast", "chase", "opening", "voice acting",
            "message",
        ]),
        ("good", &[
            "wonderful", "moving", "clever", "gripping", "funny", "fresh", "convincing",
            "beautiful", "superb", "charming", "thrilling", "touching", "brilliant", "delightful",
            "honest", "elegant", "haunting", "excellent", "warm", "inspired", "memorable",
            "stunning", "subtle", "enjoyable", "strong",
        ]),
        ("bad", &[
            "dull", "flat", "boring", "clumsy", "predictable", "lifeless", "awful", "silly",
            "confused", "tedious", "wooden", "weak", "annoying", "cheap", "shallow", "messy",
            "pointless", "forced", "dreadful", "tired", "cold", "noisy", "forgettable", "painful",
            "stale",
        ]),
        ("degree", &[
            "simply", "really", "a bit", "truly", "quite", "utterly", "rather", "deeply", "just",
        ]),
        ("although", &["although", "even if", "while", "granted,", "though"]),
        ("fails", &[
            "sleeps through the role", "has never been so {bad}", "is wasted here",
            "overacts in every scene", "deserved a better {part}", "seems lost", "is no {job}",
        ]),
        ("shines", &[
            "carries every scene", "has never been so {good}", "is a revelation", "owns the screen",
            "deserves a prize for the {part}", "is perfect as a {job}", "grows with the role",
        ]),
        ("left", &[
            "walked out after ## minutes", "fell asleep", "want my money back",
            "looked at my watch all the time", "felt cheated", "regret the evening",
        ]),
        ("stayed", &[
            "stayed for the credits", "want to see it again", "cried and laughed",
            "forgot the time", "felt at home in it", "will not forget the evening",
        ]),
        ("hated", &[
            "hated", "disliked", "could not stand", "did not care for", "suffered through",
            "laughed at",
        ]),
        ("loved", &[
            "loved", "enjoyed", "could not get enough of", "adored", "really liked", "laughed with",
        ]),
        ("blame", &["disaster", "mess", "waste", "failure", "disappointment", "bore", "letdown"]),
        ("praise", &["joy", "treat", "triumph", "masterpiece", "surprise", "delight", "gem"]),
        ("spoils", &["ruins", "sinks", "kills", "drags down", "spoils"]),
        ("saves", &["saves", "lifts", "carries", "makes", "rescues"]),
        ("avoid", &[
            "avoid it", "skip this one", "do not bother", "save your money", "stay at home instead",
            "watch anything else",
        ]),
        ("recommend", &[
            "see it", "do not miss this one", "go and watch it", "worth every cent",
            "bring your {friend}", "one of the year's best",
        ]),
        ("film", &[
            "film", "movie", "picture", "comedy", "drama", "thriller", "sequel", "debut", "western",
            "remake",
        ]),
        ("friend", &[
            "sister", "neighbour", "wife", "husband", "brother", "class", "best friend", "uncle",
            "colleague",
        ]),
        ("job", &[
            "detective", "teacher", "pilot", "nurse", "thief", "baker", "soldier", "singer",
            "lawyer", "widow", "farmer", "spy", "chess player", "gardener", "student",
        ]),
        ("town", &[
            "Prague", "Dakar", "Ohio", "Lyon", "Osaka", "a small town", "Lima", "Vienna",
            "the desert", "Dublin", "Cairo", "an island", "Quito",
        ]),
        ("object", &[
            "a letter", "the map", "his brother", "a red car", "the money", "her voice",
            "an old piano", "a photograph", "the dog", "a secret", "the ring",
        ]),
        ("day", &["Monday", "Friday", "Saturday", "Sunday", "opening night", "a plane"]),
        ("name", &["{first} {last}"]),
        ("first", &[
            "Mara", "Dorian", "Ines", "Karel", "Tove", "Ravi", "Luz", "Edgar", "Noor", "Felix",
            "Greta", "Hiro", "Paula", "Sami", "Vera", "Otto",
        ]),
        ("last", &[
            "Vance", "Holm", "Castell", "Ibarra", "Quist", "Renner", "Sato", "Dumont", "Achebe",
            "Lorne", "Petrov", "Falk", "Moss", "Varga", "Keane",
        ]),
    ],
};
