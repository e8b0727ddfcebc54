//! Words, options and what goes with what.

use spec::*;

#[test]
fn bounds_say_what_is_expected_on_the_side_that_is_left() {
    let whole = Whole::new(2, 1_000_000);
    assert_eq!(whole.refuses(&2).or(whole.refuses(&1_000_000)), None);
    let said = [1, usize::MAX].map(|value| whole.refuses(&value));
    let expected = [
        "a whole number of 2 or more",
        "a whole number up to 1_000_000",
    ];
    assert_eq!(said, expected.map(|it| Some(it.to_owned())));
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300, 1e300] {
        let said = Real::POSITIVE.refuses(&value);
        assert!(said.is_some_and(|it| it.starts_with("a number")), "{value}");
    }
    assert_eq!(Real::NOT_NEGATIVE.refuses(&0.0), None);
    assert!(Real::NOT_NEGATIVE.refuses(&f64::NAN).is_some());
}

#[test]
fn lists_hold_something_and_nothing_twice() {
    let said = |values: &[usize]| {
        let mut said = Vec::new();
        Whole::new(1, 9).each("x", values, &mut |wrong| {
            said.push((wrong.item, wrong.value))
        });
        said
    };
    assert_eq!(said(&[]), [(None, "an empty list".to_owned())]);
    let again = (Some(2), "the value of item [0] again".to_owned());
    assert_eq!(said(&[1, 10, 1]), [(Some(1), "10".to_owned()), again]);
}

#[test]
fn digits_are_grouped_as_configs_write_them() {
    assert_eq!(
        [1, 1_000, 2_000_000].map(grouped),
        ["1", "1_000", "2_000_000"]
    );
}

#[test]
fn an_attack_is_written_with_the_word_of_its_kind() {
    let attacks = [
        Attack::<One>::Unmixing(Unmixing::default()),
        Attack::Reconstructor(Reconstructor::default()),
        Attack::GradientInversion(GradientInversion::default()),
        Attack::Labels(Labels {
            queries: 100,
            then: Then::default(),
        }),
        Attack::Scores(Scores {
            queries: 100,
            decimals: None,
            kind: Default::default(),
            then: Then::default(),
        }),
        Attack::Membership(Membership::default()),
        Attack::Property(Property {
            group: Group::Male,
            samples: 2_000,
        }),
    ];
    assert_eq!(attacks.each_ref().map(Attack::kind), AttackKind::ALL);
    for attack in attacks {
        let written = serde_json::to_value(&attack).expect("it can be written");
        let keys: Vec<_> = written.as_object().expect("a mapping").keys().collect();
        assert_eq!(keys, [attack.word()]);
        let read: Attack = serde_json::from_value(written).expect("it can be read");
        assert_eq!(read, attack);
    }
}

#[test]
fn heads_with_a_hidden_layer_are_refused_by_what_reads_rows() {
    let mlp = HeadKind::Mlp {
        hidden: 4,
        activation: Default::default(),
    };
    let suits = |attack: Attack, head| attack.suits(head, Optimiser::Sgd).is_ok();
    let reconstructor = Reconstructor::default();
    let informed = Reconstructor {
        informed: true,
        ..reconstructor
    };
    for (attack, hidden) in [
        (Attack::Unmixing(Unmixing::default()), false),
        (Attack::Reconstructor(reconstructor), true),
        (Attack::Reconstructor(informed), false),
        (Attack::GradientInversion(Default::default()), false),
        (Attack::Membership(Membership::default()), true),
    ] {
        assert!(suits(attack.clone(), HeadKind::Linear), "{attack:?}");
        assert_eq!(suits(attack.clone(), mlp), hidden, "{attack:?}");
    }
    let by_adam = informed.suits(HeadKind::Linear, Optimiser::Adam);
    assert_eq!(by_adam.unwrap_err().head, "a head trained by Adam");
}

#[test]
fn a_defence_gives_ciphertexts_or_weights_and_scores() {
    for defence in DefenceKind::ALL {
        let given: Vec<_> = Release::ALL
            .iter()
            .filter(|release| defence.gives(**release))
            .collect();
        match defence {
            DefenceKind::Rhe => assert_eq!(
                given,
                [
                    &Release::Labels,
                    &Release::Ciphertexts,
                    &Release::KnownSecret
                ]
            ),
            _ => assert_eq!(
                given,
                [&Release::Weights, &Release::Scores, &Release::Labels]
            ),
        }
        for &release in Release::ALL {
            let seen = defence.instead_of(release);
            assert_eq!(
                seen == release,
                defence.gives(release) || !defence.encrypts()
            );
        }
    }
}

#[test]
fn a_defence_is_written_with_the_word_of_its_kind() {
    let written = serde_json::to_value(Defence::<One>::Rhe(Rhe::default())).expect("written");
    assert_eq!(written.as_object().unwrap().keys().next().unwrap(), "rhe");
    let read: Defence = serde_json::from_str(
        r#"{ "dp_sgd": { "epsilon": 5, "delta": "auto", "sampling": { "poisson": 0.5 } } }"#,
    )
    .expect("it can be read");
    assert_eq!(read.word(), "dp_sgd");
}

#[test]
fn options_are_swept_and_expanded() {
    let swept = Unmixing::<Many> {
        samples: OneOrMany {
            values: vec![1_000, 4_000],
        },
        informed: false,
    };
    swept.check().expect("within the bounds");
    let each = [1_000, 4_000].map(|samples| Unmixing {
        samples,
        informed: false,
    });
    assert_eq!(swept.expand(), each);
    let refused = Unmixing::<One> {
        samples: 3,
        informed: false,
    }
    .check()
    .unwrap_err();
    let expected = "samples is 3, expected a whole number of 500 or more";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn words_are_read_back_and_others_list_those_there_are() {
    for word in Release::ALL {
        assert_eq!(word.word().parse(), Ok(*word));
        assert_eq!(serde_json::json!(word), serde_json::json!(word.word()));
    }
    let error = "moments".parse::<Accountant>().unwrap_err();
    let said = "unknown accountant `moments`\nhint: use one of prv, rdp";
    assert_eq!(error.to_string(), said);
}

#[test]
fn every_option_that_is_checked_is_one_that_is_written() {
    let mut wrong = Vec::new();
    let attack = Attack::<One>::Reconstructor(Reconstructor {
        samples: 0,
        hidden: 0,
        batch: 0,
        learning_rate: f64::NAN,
        ..Reconstructor::default()
    });
    attack.each_wrong(&mut |it| wrong.push(it.option));
    let written = serde_json::to_value(Reconstructor::<One>::default()).expect("it can be written");
    assert_eq!(wrong.len(), 4);
    assert!(
        wrong.iter().all(|option| written.get(option).is_some()),
        "{wrong:?}"
    );
}
