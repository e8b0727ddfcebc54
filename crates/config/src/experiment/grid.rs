//! The cells of a sweep, in a fixed order, and which combinations make one.

use super::{
    Attack, Cell, Defence, Experiment, GradientForm, GradientInversion, Heads, Kind, Optimiser,
    Recipe, Release, Sweep,
};

impl Experiment {
    /// The cells, in the order of the rows of `results.csv`; none for a CryptoTL experiment.
    pub fn cells(&self) -> Vec<Cell> {
        match &self.kind {
            Kind::Heads(heads) => heads.cells(),
            Kind::CryptoTl { .. } => Vec::new(),
        }
    }
}

impl Heads {
    /// The cells of all grids, one after the other; a cell of several grids counts once.
    pub fn cells(&self) -> Vec<Cell> {
        let [sweep] = self.sweep.as_slice() else {
            let mut cells: Vec<Cell> = Vec::new();
            for cell in self.sweep.iter().flat_map(|sweep| self.cells_of(sweep)) {
                if !cells.contains(&cell) {
                    cells.push(cell);
                }
            }
            return cells;
        };
        self.cells_of(sweep)
    }

    /// The cells of one grid. From the slowest axis to the fastest: backbone, head, optimiser, epochs,
    /// initial standard deviation, learning rate, weight decay, adversary, shots, defence,
    /// release, attack, null.
    ///
    /// A combination makes a cell if the defence gives the release ([`Defence::gives`]) and the
    /// attack works from it ([`Attack::works_from`]); an encrypted head gives ciphertexts in
    /// place of whatever is listed.
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
                                for &null in &sweep.null {
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
        // Whatever is listed, an encrypted head gives one thing only.
        let encrypted = [Release::Ciphertexts];
        let releases = match defence {
            Defence::Rhe(_) => encrypted.as_slice(),
            _ => &sweep.release,
        };
        for &release in releases.iter().filter(|release| defence.gives(**release)) {
            for attack in sweep
                .attack
                .iter()
                .filter(|attack| attack.works_from(release) && attack.works_against(defence))
            {
                combinations.push((defence, release, attack));
            }
        }
    }
    combinations
}

impl Defence {
    /// Whether a head under this defence is released in this way.
    pub fn gives(&self, release: Release) -> bool {
        matches!(self, Self::Rhe(_)) == (release == Release::Ciphertexts)
    }

    /// Whether a head can be trained by this optimiser under this defence: DP-SGD is SGD.
    pub fn trains_with(&self, optimiser: Optimiser) -> bool {
        !matches!((self, optimiser), (Self::DpSgd(_), Optimiser::Adam))
    }
}

impl Attack {
    /// Releases in the clear that the attack works from, the most telling first. All attacks
    /// can be pointed at ciphertexts.
    pub fn releases(&self) -> &'static [Release] {
        match self {
            Self::Unmixing(_)
            | Self::Reconstructor(_)
            | Self::GradientInversion(_)
            | Self::Property(_) => &[Release::Weights],
            Self::Labels(_) => &[Release::Labels],
            Self::Scores(_) => &[Release::Scores],
            Self::Membership(_) => &[Release::Weights, Release::Scores, Release::Labels],
        }
    }

    /// Whether what the attack looks at exists under this defence: a single gradient is released in
    /// the clear by a victim that nothing defends.
    pub fn works_against(&self, defence: &Defence) -> bool {
        match self {
            Self::GradientInversion(GradientInversion {
                form: GradientForm::SingleGradient,
                ..
            }) => matches!(defence, Defence::None),
            _ => true,
        }
    }

    /// Whether the attack works from this release.
    pub fn works_from(&self, release: Release) -> bool {
        release == Release::Ciphertexts || self.releases().contains(&release)
    }
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
