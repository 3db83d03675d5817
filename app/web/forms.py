"""Forms of passwords, which are typed twice, because nobody could tell a mistyped one."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired

from app.errors import Invalid


class LoginForm(FlaskForm):  # type: ignore[misc]
    """E-mail address and password of an account."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address.")])
    password = PasswordField("Password", [InputRequired("Enter your password.")])


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password."""

    password = PasswordField("Password", [InputRequired("Choose a password.")])
    again = PasswordField("Password again", [InputRequired("Enter the password again.")])

    def chosen(self) -> str:
        """The password, if it was typed the same twice.

        Raises
        ------
        Invalid
            When it was not.
        """
        if self.password.data != self.again.data:
            raise Invalid("The two passwords differ.", field="again")
        return str(self.password.data)


class SetupForm(NewPasswordForm):
    """The first account."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address.")])


class ChangePasswordForm(NewPasswordForm):
    """A new password, and the present one: who finds an open browser must not be able to take the account."""

    current = PasswordField("Current password", [InputRequired("Enter your current password.")])
    password = PasswordField("New password", [InputRequired("Choose a password.")])
    again = PasswordField("New password again", [InputRequired("Enter the new password again.")])


class EmailForm(FlaskForm):  # type: ignore[misc]
    """An e-mail address."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address.")])
