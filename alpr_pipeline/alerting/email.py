"""A message by mail, over SMTP with STARTTLS."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime

from alpr_pipeline.alerting.message import NOTICE
from alpr_pipeline.alerting.routing import EmailChannel, Letter, NotDelivered, Send
from alpr_pipeline.alerting.secrets import read_text_secret

TIMEOUT_S = 10.0


def email_sender(channel: EmailChannel) -> Send:
    """Return what tells a channel; raise ConfigError when its password cannot be read."""
    password = read_text_secret(channel.password_file, "mail password") if channel.password_file else ""
    context = ssl.create_default_context()

    def send(letter: Letter) -> None:
        try:
            with smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT_S) as server:
                if channel.starttls:
                    server.starttls(context=context)
                if channel.username:
                    server.login(channel.username, password)
                server.send_message(mail_of(channel, letter))
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(f"{type(error).__name__}: does the mail server take it?") from None

    return send


def mail_of(channel: EmailChannel, letter: Letter) -> EmailMessage:
    """Return the mail. Without the plate it says that something waits, and where to look."""
    hit, read, entry = letter.hit, letter.hit.read, letter.hit.entry
    mail = EmailMessage()
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.to)
    mail["Subject"] = f"{'Nobody has looked at a' if letter.escalated else 'Possible'} hit, {entry.priority} priority"
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{letter.delivery_id}@{channel.sender.partition('@')[2]}>"  # the same for a repetition
    lines = [f"Reason    {entry.reason}", f"Camera    {read.camera_id}", f"Captured  {read.captured_at.isoformat()}"]
    if channel.with_plate:
        same = "" if hit.exact else f"   read as {read.plate}: not the same text"
        lines += [f"Listed    {hit.matched}{same}", f"Issuer    {hit.issuer}", f"Vehicle   {entry.vehicle or '-'}"]
    if channel.console:
        lines.append(f"Look      {channel.console.rstrip('/')}/hits/{hit.hit_id}")
    mail.set_content("\n".join([*lines, "", NOTICE, ""]))
    return mail
