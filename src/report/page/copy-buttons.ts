/** Copy what stands in the text field above a button; where the clipboard is closed to pages from disk, select it. */
export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    const field = button.previousElementSibling as HTMLTextAreaElement;
    const words = button.textContent;
    button.addEventListener('click', () => {
      field.select();
      navigator.clipboard?.writeText(field.value).then(
        () => (button.textContent = 'Copied'),
        () => (button.textContent = 'Selected: press Ctrl or Cmd + C'),
      );
      setTimeout(() => (button.textContent = words), 2500);
    });
  }
}
