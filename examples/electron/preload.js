/** Hands the engine's port to the page, which has no other way to the system but a drag. */

const { contextBridge, ipcRenderer } = require('electron')

ipcRenderer.on('engine', (event) => {
  // A port cannot cross the context bridge; it can be posted.
  window.postMessage('engine', '*', event.ports)
})
contextBridge.exposeInMainWorld('desktop', {
  drag: (title, wav) => ipcRenderer.send('drag', title, wav),
})
