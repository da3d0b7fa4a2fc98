const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];

const key = "theme";

/** The button that goes from the system's colours to light, to dark and back; the choice is kept in this browser. */
export function themeButton(button: HTMLButtonElement, onChange: () => void): void {
  const show = (theme: Theme): void => {
    document.documentElement.dataset["theme"] = theme;
    button.textContent = `Theme: ${theme}`;
    onChange();
  };
  let theme = kept();
  show(theme);
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
    keep(theme);
    show(theme);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
}

function kept(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? "system";
  } catch {
    // A browser may refuse storage to a page.
    return "system";
  }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Then the choice lasts as long as the page.
  }
}
