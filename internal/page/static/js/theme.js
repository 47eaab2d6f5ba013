// Sets the colours before anything is drawn. A plain script: modules come too late.
"use strict";
{
  let wanted = null;
  try { wanted = localStorage.getItem("ers-theme"); } catch { /* no storage: as the system has it */ }
  if (wanted === "dark" || wanted === "light") document.documentElement.dataset.theme = wanted;
}
