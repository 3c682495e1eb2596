//! What senders are told, in the languages in which folders have names. A row for each; English for all others.

/// The sentences of a report. `{}` stands for what is put in.
pub(super) struct Words {
    pub language: &'static str,
    /// Before the subject of the message.
    pub undeliverable: &'static str,
    pub intro: &'static str,
    /// `{}`: hours.
    pub expired: &'static str,
    pub no_smarthost: &'static str,
    /// Before the original's subject.
    pub subject: &'static str,
    /// Before the time when it was sent.
    pub sent: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    undeliverable: "Undeliverable",
    intro: "Your message could not be delivered to:",
    expired: "It was tried for {} hours. The last answer was:",
    no_smarthost: "This server is not set up to send mail to other servers. Please tell its administrator.",
    subject: "Subject",
    sent: "Sent",
};

const OTHERS: &[Words] = &[
    Words {
        language: "de",
        undeliverable: "Unzustellbar",
        intro: "Ihre Nachricht konnte nicht zugestellt werden an:",
        expired: "Es wurde {} Stunden lang versucht. Die letzte Antwort war:",
        no_smarthost: "Dieser Server ist nicht dafür eingerichtet, Mail an andere Server zu senden. Bitte sagen Sie es seinem Verwalter.",
        subject: "Betreff",
        sent: "Gesendet",
    },
    Words {
        language: "fr",
        undeliverable: "Non remis",
        intro: "Votre message n'a pas pu être remis à :",
        expired: "Des tentatives ont été faites pendant {} heures. La dernière réponse était :",
        no_smarthost: "Ce serveur n'est pas configuré pour envoyer du courrier à d'autres serveurs. Prévenez son administrateur.",
        subject: "Objet",
        sent: "Envoyé",
    },
    Words {
        language: "es",
        undeliverable: "No se puede entregar",
        intro: "Su mensaje no se pudo entregar a:",
        expired: "Se intentó durante {} horas. La última respuesta fue:",
        no_smarthost: "Este servidor no está configurado para enviar correo a otros servidores. Avise a su administrador.",
        subject: "Asunto",
        sent: "Enviado",
    },
    Words {
        language: "it",
        undeliverable: "Non recapitabile",
        intro: "Il messaggio non è stato recapitato a:",
        expired: "Si è tentato per {} ore. L'ultima risposta è stata:",
        no_smarthost: "Questo server non è configurato per inviare posta ad altri server. Avvisare l'amministratore.",
        subject: "Oggetto",
        sent: "Inviato",
    },
    Words {
        language: "nl",
        undeliverable: "Onbestelbaar",
        intro: "Uw bericht kon niet worden bezorgd bij:",
        expired: "Dit is {} uur lang geprobeerd. Het laatste antwoord was:",
        no_smarthost: "Deze server is niet ingericht om mail naar andere servers te sturen. Meld dit aan de beheerder.",
        subject: "Onderwerp",
        sent: "Verzonden",
    },
    Words {
        language: "pt",
        undeliverable: "Não entregue",
        intro: "A sua mensagem não pôde ser entregue a:",
        expired: "Houve tentativas durante {} horas. A última resposta foi:",
        no_smarthost: "Este servidor não está configurado para enviar correio a outros servidores. Avise o administrador.",
        subject: "Assunto",
        sent: "Enviado",
    },
    Words {
        language: "ja",
        undeliverable: "配信不能",
        intro: "メッセージを次の宛先に配信できませんでした:",
        expired: "{} 時間にわたって試行しました。最後の応答:",
        no_smarthost: "このサーバーは他のサーバーへメールを送信するように設定されていません。管理者に連絡してください。",
        subject: "件名",
        sent: "送信日時",
    },
    Words {
        language: "pl",
        undeliverable: "Nie dostarczono",
        intro: "Nie można było dostarczyć wiadomości do:",
        expired: "Próby trwały {} godz. Ostatnia odpowiedź:",
        no_smarthost: "Ten serwer nie jest skonfigurowany do wysyłania poczty na inne serwery. Proszę powiadomić administratora.",
        subject: "Temat",
        sent: "Wysłano",
    },
];

/// The row of a language.
pub(super) fn words(language: &str) -> &'static Words {
    OTHERS.iter().find(|row| row.language == language).unwrap_or(&ENGLISH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_row_for_every_language() {
        for language in ewsd_settings::LANGUAGES {
            assert_eq!(words(language).language, *language);
            assert!(words(language).expired.contains("{}"));
        }
        assert_eq!(words("tlh").language, "en");
    }
}
