//! The cells of a sweep, in a fixed order, and which combinations make one.

use std::collections::HashSet;

use spec::{Attack, Defence, Optimiser, Recipe, Release};

use super::{Cell, Experiment, Heads, Sweep};

impl Experiment {
    /// The cells, in the order of the rows of `results.csv`; none for a CryptoTL experiment.
    pub fn cells(&self) -> Vec<Cell> {
        self.heads().map_or_else(Vec::new, Heads::cells)
    }
}

impl Heads {
    /// The cells of all grids, one after the other; a cell of several grids counts once.
    pub fn cells(&self) -> Vec<Cell> {
        let [sweep] = self.sweep.as_slice() else {
            let mut known = HashSet::new();
            let cells = self.sweep.iter().flat_map(|sweep| self.cells_of(sweep));
            // Cells have no hash of their own, but the text of each is its own.
            let new = |cell: &Cell| {
                known.insert(serde_json::to_string(cell).expect("a cell has a JSON form"))
            };
            return cells.filter(new).collect();
        };
        self.cells_of(sweep)
    }

    /// The cells of one grid. From the slowest axis to the fastest: backbone, head, optimiser, epochs,
    /// initial standard deviation, learning rate, weight decay, adversary, shots, defence,
    /// release, attack, null.
    ///
    /// A combination makes a cell if the defence gives the release ([`Defence::gives`]) and the
    /// attack works from it ([`Attack::works_from`]) and can be compared with the null
    /// ([`Attack::nulls`]); an encrypted head gives ciphertexts in place of weights and scores
    /// ([`DefenceKind::instead_of`](spec::DefenceKind::instead_of)).
    pub fn cells_of(&self, sweep: &Sweep) -> Vec<Cell> {
        let mut cells = Vec::new();
        for backbone in or(&sweep.backbone, &self.backbone) {
            for head in or(&sweep.head, &self.head) {
                for recipe in self.recipes(sweep) {
                    for adversary in or(&sweep.adversary, &self.adversary) {
                        for &shots in &sweep.shots {
                            for (defence, release, attack) in
                                attacks_on_defences(sweep, recipe.optimiser)
                            {
                                let nulls = attack.nulls();
                                for &null in sweep.null.iter().filter(|it| nulls.contains(it)) {
                                    cells.push(Cell {
                                        backbone: backbone.clone(),
                                        head: *head,
                                        recipe,
                                        adversary: *adversary,
                                        shots,
                                        defence: defence.clone(),
                                        release,
                                        attack: attack.clone(),
                                        null,
                                    });
                                }
                            }
                        }
                    }
                }
            }
        }
        cells
    }

    fn recipes(&self, sweep: &Sweep) -> Vec<Recipe> {
        let base = &self.recipe;
        let mut recipes = Vec::new();
        for &optimiser in or(&sweep.optimiser, &base.optimiser) {
            for epochs in some(&sweep.epochs, base.epochs) {
                for init_std in some(&sweep.init_std, base.init_std) {
                    for learning_rate in some(&sweep.learning_rate, base.learning_rate) {
                        for weight_decay in some(&sweep.weight_decay, base.weight_decay) {
                            recipes.push(Recipe {
                                optimiser,
                                epochs,
                                init_std,
                                learning_rate,
                                weight_decay,
                                ..*base
                            });
                        }
                    }
                }
            }
        }
        recipes
    }
}

fn attacks_on_defences(sweep: &Sweep, optimiser: Optimiser) -> Vec<(&Defence, Release, &Attack)> {
    let mut combinations = Vec::new();
    for defence in sweep
        .defence
        .iter()
        .filter(|defence| defence.trains_with(optimiser))
    {
        let mut releases: Vec<Release> = Vec::new();
        for &listed in &sweep.release {
            let release = defence.kind().instead_of(listed);
            if defence.gives(release) && !releases.contains(&release) {
                releases.push(release);
            }
        }
        for release in releases {
            for attack in sweep
                .attack
                .iter()
                .filter(|attack| attack.works_from(release) && attack.works_against(defence.kind()))
            {
                combinations.push((defence, release, attack));
            }
        }
    }
    combinations
}

/// The axis, or the experiment's own value where it is not swept.
fn or<'a, T>(axis: &'a [T], own: &'a T) -> &'a [T] {
    if axis.is_empty() {
        std::slice::from_ref(own)
    } else {
        axis
    }
}

fn some<T: Copy>(axis: &[T], own: Option<T>) -> Vec<Option<T>> {
    if axis.is_empty() {
        vec![own]
    } else {
        axis.iter().copied().map(Some).collect()
    }
}
